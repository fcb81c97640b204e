#include "sys/process.hpp"

#include <unistd.h>

#include "sys/memory_file.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using std::chrono::milliseconds;

namespace {

ChildSpec shell(std::string script) {
  ChildSpec spec;
  spec.program = "/bin/sh";
  spec.arguments = {"-c", std::move(script)};
  spec.environment = {{"PATH", "/usr/bin:/bin"}};
  return spec;
}

}  // namespace

TEST_CASE("a child's status, output, input and folder", "[process]") {
  auto spec = shell("cat; pwd; echo wrong >&2; exit 3");
  spec.input = "given\n";
  spec.folder = "/";
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::exited);
  CHECK(result->status == 3);
  CHECK(result->out == "given\n/\n");
  CHECK(result->err == "wrong\n");
}

TEST_CASE("a child gets the environment given and nothing else", "[process]") {
  auto spec = shell("/usr/bin/env");
  spec.environment["ONLY"] = "this";
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK_THAT(result->out, ContainsSubstring("ONLY=this"));
  CHECK(result->out.find("HOME=") == std::string::npos);
}

TEST_CASE("a signal's number is the status", "[process]") {
  const auto result = run_child(shell("kill -9 $$"));
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::signalled);
  CHECK(result->status == 9);
}

TEST_CASE("output beyond the cap is read and dropped", "[process]") {
  auto spec = shell("head -c 3000000 /dev/zero; echo end >&2");
  spec.output_cap = 1000;
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->status == 0);
  CHECK(result->out.size() == 1000);
  CHECK(result->err == "end\n");
}

TEST_CASE("a deadline ends a child that sleeps, one that ignores TERM, and one with a grandchild", "[process]") {
  const std::string script = GENERATE("sleep 60", "trap '' TERM; sleep 60; sleep 60",
                                      "setsid sleep 60 & echo started; wait", "sleep 60 & wait");
  auto spec = shell(script);
  spec.deadline = milliseconds(200);
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::timed_out);
  CHECK(result->elapsed_ms >= 200);
  CHECK(result->elapsed_ms < 1200);
}

TEST_CASE("a grandchild that keeps the pipe does not hold a finished child's result", "[process]") {
  auto spec = shell("sleep 60 & echo done");
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::exited);
  CHECK(result->out == "done\n");
  CHECK(result->elapsed_ms < 2000);
}

TEST_CASE("a program that cannot start is an error, not a status", "[process]") {
  ChildSpec spec;
  spec.program = "/nonexistent/program";
  auto result = run_child(spec);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::not_found);
  spec.program = "no-such-program";
  spec.environment = {{"PATH", "/usr/bin"}};
  result = run_child(spec);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::not_found);
  spec.program = "/etc/passwd";
  result = run_child(spec);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::io);
}

TEST_CASE("a child gets the descriptors named and no other", "[process]") {
  const int leaked = ::dup(2);  // without CLOEXEC
  std::array<int, 2> channel{};
  REQUIRE(::pipe(channel.data()) == 0);
  auto spec = shell("echo record >&3; ls /proc/self/fd | tr '\\n' ' '");
  spec.descriptors = {{3, channel[1]}};
  const auto result = run_child(spec);
  ::close(channel[1]);
  std::array<char, 32> text{};
  const auto n = ::read(channel[0], text.data(), text.size());
  ::close(channel[0]);
  ::close(leaked);
  REQUIRE(result);
  CHECK(std::string(text.data(), static_cast<std::size_t>(n)) == "record\n");
  CHECK(result->out == "0 1 2 3 4 ");  // 4: the folder that ls reads
}

TEST_CASE("PATH search skips relative and empty elements, folders and files without an exec bit", "[process]") {
  CHECK(find_in_path("sh", ":.:bin:/nonexistent:/bin") == "/bin/sh");
  CHECK(find_in_path("sh", "").empty());
  CHECK(find_in_path("passwd", "/etc").empty());
  CHECK(find_in_path("init.d", "/etc").empty());
  CHECK(find_in_path("bin/sh", "/").empty());
}

TEST_CASE("exec_replace comes back only with an error", "[process]") {
  CHECK(exec_replace("no-such-program", {}, {{"PATH", "/bin"}}).code == Code::not_found);
  CHECK(exec_replace("/nonexistent", {}, {}).code == Code::not_found);
  CHECK(exec_replace("/etc", {}, {}).code == Code::io);
}
