// The include rule of src/layers.txt, and that no test is left out of the build.
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "unit/catch.hpp"
#include "unit/source_tree.hpp"

namespace {

using source_tree::SourceFile;
using Rules = std::map<std::string, std::set<std::string>>;

Rules parse_rules(const std::string& text) {
  Rules rules;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto colon = line.find(':');
    const std::string room = line.substr(0, colon);
    std::istringstream words(colon == std::string::npos ? "" : line.substr(colon + 1));
    auto& allowed = rules[room];
    allowed.insert(room);
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return rules;
}

// "src/cli/help.cpp" is of room cli, "src/main.cpp" of room main.
std::string room_of(const std::string& path) {
  const auto inside = path.substr(4);
  const auto slash = inside.find('/');
  return slash == std::string::npos ? inside.substr(0, inside.find('.')) : inside.substr(0, slash);
}

std::vector<std::string> breaches(const Rules& rules, const SourceFile& file) {
  static const std::regex include(R"re(^\s*#\s*include\s*"([^"/]+)/[^"]*")re");
  const auto room = room_of(file.path);
  const auto rule = rules.find(room);
  if (rule == rules.end()) return {file.path + ": src/layers.txt has no line for room `" + room + "`"};
  std::vector<std::string> found;
  std::istringstream lines(file.text);
  long number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, include) && !rule->second.contains(match[1]))
      found.push_back(file.path + ":" + std::to_string(number) + ": " + room + " may not include " + match[1].str());
  }
  return found;
}

Rules the_rules() { return parse_rules(source_tree::read_text(CUDAENV_SOURCE_DIR "/src/layers.txt")); }

}  // namespace

TEST_CASE("no file includes what its room may not", "[layers]") {
  const auto rules = the_rules();
  const auto files = source_tree::cpp_files("src");
  REQUIRE(rules.size() > 10);
  REQUIRE(files.size() > 20);
  for (const auto& file : files)
    for (const auto& breach : breaches(rules, file)) FAIL_CHECK(breach);
}

TEST_CASE("the layer check sees a breach", "[layers]") {
  const auto rules = the_rules();
  const auto count = [&](const char* path, const char* text) { return breaches(rules, {path, text}).size(); };
  CHECK(count("src/resolve/pick.cpp", "#include \"sys/fs.hpp\"\n") == 1);
  CHECK(count("src/fetch/get.cpp", "#include \"model/catalog.hpp\"\n  #  include \"store/layout.hpp\"\n") == 1);
  CHECK(count("src/base/text.hpp", "#include \"model/version.hpp\"\n") == 1);
  CHECK(count("src/utils/misc.cpp", "") == 1);
  CHECK(count("src/app/install.cpp", "#include \"store/layout.hpp\"\n#include <cli/x>\n") == 0);
}

TEST_CASE("rooms of the arrow never include each other, in layers.txt itself", "[layers]") {
  const auto rules = the_rules();
  const std::set<std::string> ground{"base", "model", "sys"};
  for (const char* room : {"project", "catalog", "resolve", "plan", "fetch", "unpack", "store", "verify", "loader",
                           "activate", "exec", "doctor"}) {
    INFO(room);
    REQUIRE(rules.contains(room));
    for (const auto& other : rules.at(room)) CHECK((other == room || ground.contains(other)));
  }
  CHECK(rules.at("resolve") == std::set<std::string>{"base", "model", "resolve"});
  CHECK(rules.at("plan") == std::set<std::string>{"base", "model", "plan"});
  CHECK(rules.at("model") == std::set<std::string>{"base", "model"});
}

TEST_CASE("every *_test.cpp is in the build", "[layers]") {
  const auto commands = source_tree::read_text(CUDAENV_BUILD_DIR "/compile_commands.json");
  REQUIRE(commands.find("layers_test.cpp") != std::string::npos);
  for (const auto& file : source_tree::files_below("tests", {"_test.cpp"})) {
    INFO(file.path << " is compiled by nothing: run cmake again, or add it to tests/CMakeLists.txt");
    CHECK(commands.find("/" + file.path + "\"") != std::string::npos);
  }
}
