#include "unit/catch.hpp"

#include <filesystem>

#include "base/text.hpp"
#include "project/pip_index.hpp"
#include "sys/fs.hpp"

using namespace cudaenv;

namespace {

// A python3 of our own: logs where and how it was called, then does what `body` says.
struct Machine {
  std::string folder;
  World world;
  Machine() {
    auto made = fs::make_temp_folder(std::filesystem::temp_directory_path().string(), "cudaenv-pip-");
    REQUIRE(made);
    folder = *made;
    world.paths.cache = folder + "/cache";
    set({});
  }
  ~Machine() { (void)fs::remove_tree(folder); }
  void set(std::map<std::string, std::string, std::less<>> variables) {
    variables["PATH"] = folder;
    variables["LOG"] = folder + "/log";
    world.env = Environment(std::move(variables));
  }
  void python(const std::string& body) const {
    REQUIRE(fs::write_file_atomic(folder + "/python3", "#!/bin/sh\necho \"$PWD $*\" >> \"$LOG\"\n" + body, 0755));
  }
  std::size_t calls() const {
    const auto log = fs::read_file(folder + "/log", 1 << 20);
    return log ? split(*log, '\n').size() - 1 : 0;
  }
};

constexpr const char* configured = "case $* in *'config get global.index-url'*) echo https://index.example/simple;; *) exit 9;; esac\n";
constexpr const char* only_default = "case $* in *config*) echo 'ERROR: No such key' >&2; exit 1;; *) echo https://default.example/simple/;; esac\n";

}  // namespace

TEST_CASE("the index that pip is configured with, asked once a day") {
  Machine machine;
  machine.python(configured);
  auto index = project::pip_index(machine.world);
  REQUIRE(index);
  CHECK(index->value == "https://index.example/simple/");
  CHECK(describe(index->origin) == "default in pip's configuration");
  CHECK(machine.calls() == 1);
  CHECK(fs::read_file(machine.folder + "/log", 1000)->starts_with("/ -m pip config get"));
  CHECK(project::pip_index(machine.world)->value == "https://index.example/simple/");
  CHECK(machine.calls() == 1);
  machine.set({{"VIRTUAL_ENV", "/another"}});
  CHECK(project::pip_index(machine.world));
  CHECK(machine.calls() == 2);
}

TEST_CASE("a remembered index goes stale, and a damaged one is asked again") {
  Machine machine;
  machine.python(configured);
  REQUIRE(project::pip_index(machine.world));
  const auto file = machine.folder + "/cache/pip-index";
  const auto text = *fs::read_file(file, 1 << 20);
  const auto lines = split(text, '\n');
  for (const auto& when : {std::to_string(machine.world.now() - 24 * 60 * 60 - 5), std::to_string(machine.world.now() + 1000), std::string("x")}) {
    const auto before = machine.calls();
    REQUIRE(fs::write_file_atomic(file, std::string(lines[0]) + "\nhttps://stale/\nx\n" + when + "\n"));
    CHECK(project::pip_index(machine.world)->value == "https://index.example/simple/");
    CHECK(machine.calls() == before + 1);
  }
  for (std::size_t cut = 0; cut < text.size(); cut += 7) {
    REQUIRE(fs::write_file_atomic(file, text.substr(0, cut)));
    CHECK(project::pip_index(machine.world)->value == "https://index.example/simple/");
  }
}

TEST_CASE("without a configured index, pip's own default") {
  Machine machine;
  machine.python(only_default);
  const auto index = project::pip_index(machine.world);
  REQUIRE(index);
  CHECK(index->value == "https://default.example/simple/");
  CHECK(machine.calls() == 2);
}

TEST_CASE("$PIP_INDEX_URL is taken as it is, and no python is started") {
  Machine machine;
  machine.set({{"PIP_INDEX_URL", "file:///srv/simple"}});
  CHECK(project::pip_index(machine.world)->value == "file:///srv/simple/");
  CHECK(describe(project::pip_index(machine.world)->origin) == "$PIP_INDEX_URL");
  machine.set({{"PIP_INDEX_URL", "ftp://x"}});
  CHECK(project::pip_index(machine.world).error().code == Code::config);
  CHECK(machine.calls() == 0);
}

TEST_CASE("no python, no pip, or nonsense: an error with a way out") {
  Machine machine;
  CHECK(project::pip_index(machine.world).error().code == Code::config);
  for (const char* body : {"echo \"No module named pip\" >&2; exit 1\n", "echo not-a-url\n", "exit 0\n", "kill -9 $$\n"}) {
    machine.python(body);
    const auto index = project::pip_index(machine.world);
    REQUIRE_FALSE(index);
    CHECK(index.error().code == Code::config);
    CHECK_FALSE(index.error().hint.empty());
  }
  CHECK_FALSE(fs::exists(machine.folder + "/cache/pip-index"));
}
