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
