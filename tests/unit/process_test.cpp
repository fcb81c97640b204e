#include "sys/fs.hpp"
#include "sys/lock.hpp"
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

namespace {

// Is any process alive whose command line holds `mark`?
bool runs(const std::string& mark) {
  const auto result = run_child(shell("pgrep -f '^sleep " + mark + "$'"));
  return !result || !result->out.empty();
}

}  // namespace

TEST_CASE("nothing that a contained child starts outlives it", "[process]") {
  const std::string script = GENERATE("setsid sleep 4242 & echo on", "(setsid sh -c 'sleep 4242 & sleep 4242' &) ; sleep 0.2; echo on",
                                      "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 4242\" & echo on; sleep 60");
  auto spec = shell(script);
  spec.contained = true;
  spec.deadline = milliseconds(700);
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->out == "on\n");
  CHECK(result->elapsed_ms < 1600);
  CHECK_FALSE(runs("4242"));
}

TEST_CASE("a contained child ends as any other, and its deadline is kept", "[process]") {
  auto spec = shell("cat >&2; exit 5");
  spec.contained = true;
  spec.input = "given";
  auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::exited);
  CHECK(result->status == 5);
  CHECK(result->err == "given");
  spec.arguments[1] = "kill -11 $$";
  result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::signalled);
  CHECK(result->status == 11);
  spec.arguments[1] = "trap '' TERM; sleep 60; sleep 60";
  spec.deadline = milliseconds(200);
  result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::timed_out);
  CHECK(result->elapsed_ms < 1200);
  spec.program = "/nonexistent/program";
  result = run_child(spec);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::not_found);
}

TEST_CASE("a contained child that takes more memory than it may is killed", "[process]") {
  auto spec = shell("");
  spec.program = "/usr/bin/env";
  spec.arguments = {"python3", "-c", "import time; a = bytearray(400 << 20); time.sleep(30)"};
  spec.contained = true;
  spec.memory_cap = std::uint64_t{200} << 20U;
  const auto result = run_child(spec);
  REQUIRE(result);
  CHECK(result->end == ChildResult::End::over_memory);
  CHECK(result->elapsed_ms < 9000);
}

TEST_CASE("a child leaves no core dump, not even through a program", "[process]") {
  const auto result = run_child(shell("grep 'Max core' /proc/self/limits"));
  REQUIRE(result);
  CHECK_THAT(result->out, Catch::Matchers::Matches("Max core file size +1 +1 +bytes *\n"));
}

TEST_CASE("what is written to a channel cannot make it grow", "[process]") {
  const auto channel = make_memory_file("test", 4096);
  REQUIRE(channel);
  auto spec = shell("echo one >&3; head -c 100000 /dev/zero >&3; echo two >&3; : >/proc/self/fd/3");
  spec.descriptors = {{3, channel->get()}};
  REQUIRE(run_child(spec));
  const auto text = read_memory_file(*channel, 1 << 20);
  REQUIRE(text);
  CHECK(*text == "one\n");
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

TEST_CASE("the holder of a lock is named", "[lock]") {
  const auto folder = fs::make_temp_folder("/tmp", "cudaenv-lock-");
  REQUIRE(folder);
  const auto path = *folder + "/lock";
  {
    const auto lock = FileLock::take(path, FileLock::Mode::exclusive);
    REQUIRE(lock);
    CHECK(lock_holder(path) == ::getpid());
    CHECK(holder_text(lock_holder(path)) == "another cudaenv (process " + std::to_string(::getpid()) + ")");
  }
  CHECK(lock_holder(path) == 0);
  CHECK(lock_holder(*folder + "/absent") == 0);
  CHECK(holder_text(0) == "another cudaenv");
  (void)fs::remove_tree(*folder);
}
