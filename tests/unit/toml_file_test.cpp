#include "sys/toml_file.hpp"

#include <nlohmann/json.hpp>

#include "unit/catch.hpp"

using namespace cudaenv;

TEST_CASE("TOML becomes JSON, type by type", "[toml]") {
  const auto value = parse_toml(R"(
text = "a"
number = -3
real = 1.5
flag = true
day = 2026-11-23
list = [1, [2, "x"]]
[table.inner]
"quoted key" = 1
)",
                                "t.toml");
  REQUIRE(value);
  CHECK(*value == nlohmann::json::parse(R"({"text":"a","number":-3,"real":1.5,"flag":true,"day":"2026-11-23",
    "list":[1,[2,"x"]],"table":{"inner":{"quoted key":1}}})"));
}

TEST_CASE("malformed TOML is an error with file, line and column", "[toml]") {
  const auto value = parse_toml("a = 1\nb = = 2\n", "conf.toml");
  REQUIRE_FALSE(value);
  CHECK(value.error().code == Code::config);
  CHECK(value.error().what == "cannot read `conf.toml`");
  CHECK_THAT(value.error().causes.at(0), ContainsSubstring("conf.toml:2:5: "));
}

TEST_CASE("input that trips toml++ 3.3 itself is an error too", "[toml]") {
  for (const std::string text : {"[.", "\xEF\xB2\xBF", "a = \"\xff\"", "a.", "[[", "= 1", "\xEF\xBB\xBF[."}) {
    const auto value = parse_toml(text, "t");
    CAPTURE(text);
    CHECK_FALSE(value);
  }
}

TEST_CASE("characters outside ASCII stay in strings and comments", "[toml]") {
  for (const std::string text : {"a = \"\xc3\xa9\" # \xc3\xa9\n", "a = '\xc3\xa9'", "a = \"\"\"\n\xc3\xa9\"\xc3\xa9\n\"\"\"",
                                 "a = '''\xc3\xa9'\xc3\xa9'''", "\xEF\xBB\xBF# x\na = 1", "a = \"\\\"\xc3\xa9\"",
                                 "\"\xc3\xa9\" = 1", "a = \"\"\"x\\\n  y\xc3\xa9\"\"\""}) {
    CAPTURE(text);
    CHECK(parse_toml(text, "t"));
  }
  for (const std::string text : {"\xc3\xa9 = 1", "a = \xc3\xa9", "a = 1 \xc2\xa0", "a = \"x\"\xc3\xa9", "[t\xc3\xa9]",
                                 "a = \"\"\"\\\n \xef\xb2\xbf\"\"\"", "a = \"\n\xc3\xa9", "a = \"\\", "a = \"\"\"\\"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_toml(text, "t"));
  }
  const auto error = parse_toml("a = 1\nb = \"\xc3\xa9\" \xc3\xa9\n", "f.toml");
  REQUIRE_FALSE(error);
  CHECK_THAT(error.error().causes.at(0), ContainsSubstring("f.toml:2:9: "));
}
