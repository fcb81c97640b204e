// Rules a compiler does not know: who may ask the process, which library is used where, names and marks.
#include <functional>
#include <regex>

#include "unit/catch.hpp"
#include "unit/source_tree.hpp"

namespace {

using source_tree::SourceFile;

struct Ban {
  const char* pattern;  // searched in code, comments and literals left out
  const char* instead;
  std::function<bool(const std::string&)> allowed;  // by path
};

bool below(const std::string& path, std::initializer_list<std::string_view> folders) {
  for (const auto folder : folders)
    if (path.starts_with(folder)) return true;
  return false;
}

// The shim and the probe are programs of their own, without a World.
bool asks_the_system(const std::string& path) { return below(path, {"src/sys/", "src/probe/", "shims/"}); }
bool nobody(const std::string&) { return false; }

// (^|[^\w.>]) in front: a call, not a member or the tail of a longer name; `std::` and `::` may precede it.
#define CALL(name) "(^|[^\\w.>])" name "\\s*\\("

const std::vector<Ban>& bans() {
  static const std::vector<Ban> table{
      {CALL("(secure_)?getenv"), "World::env", asks_the_system},
      {CALL("(getcwd|get_current_dir_name|current_path)"), "World::cwd", asks_the_system},
      {CALL("isatty"), "World::out_is_terminal", asks_the_system},
      {CALL("(time|gettimeofday|clock_gettime)"), "World::now or World::ticks", asks_the_system},
      {"\\bsystem_clock\\b", "World::now", asks_the_system},
      {CALL("(setenv|putenv|unsetenv)"), "a child's environment as a value", asks_the_system},
      {CALL("(system|popen)"), "sys/process", nobody},
      {"\\bremove_all\\b", "fs::remove_tree, which never follows a link", nobody},
      {CALL("(strcpy|strcat|sprintf|vsprintf|gets|mktemp|tmpnam)"), "std::string, fmt, fs", nobody},
      {"\\bstd::(cout|cerr|clog)\\b|" CALL("(printf|puts|putchar)"), "cli/output",
       [](const std::string& path) { return path == "src/cli/output.cpp" || below(path, {"src/probe/", "shims/"}); }},
  };
  return table;
}

struct Library {
  const char* include;
  std::function<bool(const std::string&)> allowed;
};

const std::vector<Library>& libraries() {
  const auto io_module = [](const std::string& path) { return below(path, {"src/sys/io_module/"}); };
  static const std::vector<Library> table{
      {"toml++/", [](const std::string& path) { return path == "src/sys/toml_file.cpp"; }},
      {"CLI/",
       [](const std::string& path) {
         return path.starts_with("src/cli/cmd_") || path == "src/cli/main_cli.cpp";
       }},
      {"curl/", io_module},
      {"archive.h", io_module},
      {"archive_entry.h", io_module},
      {"openssl/", io_module},
      {"nlohmann/", [](const std::string& path) { return !below(path, {"src/base/", "src/probe/", "shims/"}); }},
      {"fmt/", [](const std::string& path) { return !below(path, {"src/probe/", "shims/"}); }},
      {"catch2/", nobody},
  };
  return table;
}

std::vector<std::string> banned_calls(const SourceFile& file) {
  std::vector<std::string> found;
  const auto code = source_tree::code_only(file.text);
  for (const auto& ban : bans()) {
    if (ban.allowed(file.path)) continue;
    const std::regex pattern(ban.pattern, std::regex::ECMAScript | std::regex::multiline);
    for (std::sregex_iterator hit(code.begin(), code.end(), pattern), end; hit != end; ++hit) {
      const auto at = static_cast<std::size_t>(hit->position());
      found.push_back(file.path + ":" + std::to_string(source_tree::line_of(code, at)) + ": `" + hit->str() +
                      "`, use " + ban.instead);
    }
  }
  return found;
}

std::vector<std::string> foreign_includes(const SourceFile& file) {
  static const std::regex include(R"re(#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<std::string> found;
  for (std::sregex_iterator hit(file.text.begin(), file.text.end(), include), end; hit != end; ++hit)
    for (const auto& library : libraries())
      if ((*hit)[1].str().starts_with(library.include) && !library.allowed(file.path))
        found.push_back(file.path + " may not include <" + (*hit)[1].str() + ">");
  return found;
}

std::vector<SourceFile> own_code() {
  auto files = source_tree::cpp_files("src");
  for (auto& file : source_tree::cpp_files("shims")) files.push_back(std::move(file));
  return files;
}

}  // namespace

TEST_CASE("the process is asked in sys only, and raw calls have a better name", "[lint]") {
  REQUIRE(own_code().size() > 20);
  for (const auto& file : own_code())
    for (const auto& finding : banned_calls(file)) FAIL_CHECK(finding);
}

TEST_CASE("each third-party library stays in its files", "[lint]") {
  for (const auto& file : own_code())
    for (const auto& finding : foreign_includes(file)) FAIL_CHECK(finding);
}

TEST_CASE("no room or file without a subject", "[lint]") {
  const std::regex vague("(^|/)(utils?|helpers?|misc|common|core)([/._]|$)");
  for (const auto& file : own_code()) {
    INFO(file.path);
    CHECK_FALSE(std::regex_search(file.path, vague));
  }
}

TEST_CASE("no marks of unfinished work", "[lint]") {
  const std::regex mark("\\b(TO" "DO|FIX" "ME|XX" "X|HA" "CK)\\b");
  for (const char* folder : {"src", "shims", "shell", "tests", "manifests", "cmake", "demo"})
    for (const auto& file : source_tree::files_below(folder, {".cpp", ".hpp", ".c", ".h", ".S", ".py", ".sh", ".bash",
                                                              ".zsh", ".fish", ".toml", ".txt", ".cmake", ".md"})) {
      INFO(file.path);
      CHECK_FALSE(std::regex_search(file.text, mark));
    }
}

TEST_CASE("the lint sees what it looks for", "[lint]") {
  const auto calls = [](const char* path, const char* text) { return banned_calls({path, text}).size(); };
  CHECK(calls("src/app/select.cpp", "auto home = std::getenv(\"HOME\");\n") == 1);
  CHECK(calls("src/app/select.cpp", "auto t = ::time(nullptr); if (isatty(1)) {}\n") == 2);
  CHECK(calls("src/store/gc.cpp", "std::filesystem::remove_all(path);\n") == 1);
  CHECK(calls("src/cli/cmd_list.cpp", "std::cout << 1; printf(\"x\");\n") == 2);
  CHECK(calls("src/sys/world.cpp", "::getenv(\"HOME\"); isatty(1); time(nullptr);\n") == 0);
  CHECK(calls("src/app/select.cpp", "// getenv(\"HOME\")\nconst char* s = \"time(0)\"; elapsed_time(); a.time();\n") == 0);
  CHECK(calls("src/app/select.cpp", "auto s = R\"(getenv(\"HOME\"))\"; char q = '\"'; isatty(0);\n") == 1);
  const auto includes = [](const char* path, const char* text) { return foreign_includes({path, text}).size(); };
  CHECK(includes("src/project/pinfile.cpp", "#include <toml++/toml.h>\n") == 1);
  CHECK(includes("src/fetch/get.cpp", "#include <curl/curl.h>\n#include <openssl/evp.h>\n") == 2);
  CHECK(includes("src/sys/io_module/http.cpp", "#include <curl/curl.h>\n") == 0);
}
