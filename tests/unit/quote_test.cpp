// Every byte string that cudaenv may print for a shell comes back from that shell as it was.
#include "unit/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "activate/formats.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"

using namespace cudaenv;

namespace {

std::vector<std::string> nasty_strings() {
  std::vector<std::string> out{"", "'", "''", "'''", "\\", "\\'", "'\\''", "$(touch canary)", "`touch canary`", "${IFS}", "$HOME", "!!", "!x",
                               "a b", " a ", "\n", "a\n", "\n\n", "a\nb", "\r", "\r\n", "\t", "*", "?", "[a-z]*", "~", "~root", "-n", "--", "#x",
                               "a;b", "a&b", "a|b", "<x>", ">canary", "(x)", "{a,b}", "\"", "\"'\"", "%s", "%", "\\n", "\\0", "\\x41", "$'x'",
                               "$\"x\"", "=ls", "^x^y", "caf\xc3\xa9", "caf\xe9", "\xff\xfe", "\xc3", "\xe2\x80\xae right", "\x01\x02", "\x7f",
                               "\x1b[31m", "\x81\x88\x83", "end\\", "end'", "'start", "\xf0\x9f\x92\xa9", "a=b", "export X=1", ":", "::"};
  for (int byte = 1; byte < 256; ++byte) {
    out.push_back(std::string(1, static_cast<char>(byte)));
    out.push_back("x" + std::string(2, static_cast<char>(byte)) + "'y");
  }
  std::mt19937 random(20261123);
  for (int i = 0; i < 1500; ++i) {
    std::string text(random() % 40, 'x');
    for (auto& c : text) c = static_cast<char>(1 + random() % 255);
    out.push_back(text);
  }
  std::string huge(64 * 1024, '\'');
  for (std::size_t i = 0; i < huge.size(); i += 3) huge[i] = static_cast<char>(1 + random() % 255);
  out.push_back(huge);
  return out;
}

struct ShellUnderTest {
  const char* name;
  std::vector<std::string> arguments;
  std::string (*quote)(std::string_view);
  const char* evaluate;  // what turns the words of a file, "$1", into evaluated code
};

std::string printed_by(const ShellUnderTest& shell, const std::string& home, const std::vector<std::string>& arguments) {
  ChildSpec child;
  child.program = shell.name;
  child.arguments = shell.arguments;
  child.arguments.insert(child.arguments.end(), arguments.begin(), arguments.end());
  child.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"HOME", home}};
  child.deadline = std::chrono::seconds(60);
  child.output_cap = 16 << 20;
  const auto ran = run_child(child);
  REQUIRE(ran);
  INFO(ran->err.substr(0, 2000));
  CHECK(ran->status == 0);
  return ran->out;
}

}  // namespace

TEST_CASE("shells read back every byte that was quoted", "[shells]") {
  const std::vector<ShellUnderTest> shells{
      {"bash", {"--norc", "--noprofile"}, activate::quote_sh, "eval \"$(cat \"$1\")\""},
      {"dash", {}, activate::quote_sh, "eval \"$(cat \"$1\")\""},
      {"zsh", {"-f"}, activate::quote_sh, "eval \"$(cat \"$1\")\""},
      {"fish", {"--no-config"}, activate::quote_fish, "eval (cat $argv[2] | string collect)"},
  };
  const auto strings = nasty_strings();
  REQUIRE(strings.size() >= 2000);
  std::string expected;
  for (const auto& text : strings) expected += text + '\0';
  const auto folder = fs::make_temp_folder(std::filesystem::temp_directory_path().string(), "cudaenv-quote-");
  REQUIRE(folder);
  std::size_t tried = 0;
  for (const auto& shell : shells) {
    if (find_in_path(shell.name, "/usr/bin:/bin").empty()) {
      WARN("skipped: " << shell.name << " is not installed");
      continue;
    }
    ++tried;
    INFO(shell.name);
    const auto file = *folder + "/words";
    {
      std::ofstream out(file, std::ios::binary);
      for (const auto& text : strings) out << "printf '%s\\0' " << shell.quote(text) << "\n";
    }
    CHECK(printed_by(shell, *folder, {file}) == expected);                         // sourced
    CHECK(printed_by(shell, *folder, {"-c", shell.evaluate, "x", file}) == expected);  // evaluated
  }
  CHECK(tried >= 1);
  CHECK_FALSE(fs::exists(*folder + "/canary"));
  CHECK_FALSE(fs::exists("canary"));
  REQUIRE(fs::remove_tree(*folder));
}
