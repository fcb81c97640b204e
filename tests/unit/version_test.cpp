#include "unit/catch.hpp"

#include <string>

#include "model/spec.hpp"

using namespace cudaenv;

namespace {
Version version(const char* text) {
  Version v;
  REQUIRE(parse_version(text, v));
  return v;
}
VersionSpec spec(const char* text) {
  VersionSpec s;
  const char* reason = nullptr;
  REQUIRE(parse_spec(text, s, reason));
  return s;
}
}  // namespace

TEST_CASE("versions parse, print and order") {
  CHECK(to_text(version("12.8.2.0")).view() == "12.8.2");
  CHECK(to_text(version("13.4.0rc1")).view() == "13.4.0rc1");
  CHECK(to_text(version("12")).view() == "12");
  CHECK(version("12.8") == version("12.8.0"));
  CHECK(version("12.9.1") < version("12.10"));
  CHECK(version("13.4.0rc1") < version("13.4.0"));
  CHECK(version("13.4.0rc1") < version("13.4.0rc2"));
}

TEST_CASE("what is no version is refused") {
  Version v;
  for (const char* text : {"", ".", "12.", ".8", "12..8", "1.2.3.4.5", "012", "12.08", "-1", "12 ", " 12", "12.8x", "v12",
                           "12.8.1rc", "12.8rc0", "1000000", "99999999999999999999", "12.8-1", "../12"})
    CHECK_FALSE(parse_version(text, v));
}

TEST_CASE("specs choose by prefix, range and keyword") {
  CHECK(matches(spec("12"), version("12.8.1")));
  CHECK(matches(spec("12.8"), version("12.8.1")));
  CHECK_FALSE(matches(spec("12.8"), version("12.80.1")));
  CHECK_FALSE(matches(spec("12.8.1"), version("12.8.2")));
  CHECK(matches(spec(">=12.4,<13"), version("12.9.1")));
  CHECK_FALSE(matches(spec(">=12.4, <13"), version("13.0.0")));
  CHECK_FALSE(matches(spec("==12.8,!=12.8.1"), version("12.8.1")));
  CHECK(matches(spec("==12.8,!=12.8.1"), version("12.8.2")));
  CHECK_FALSE(matches(spec("13.4"), version("13.4.0rc1")));
  CHECK(matches(spec("13.4.0rc1"), version("13.4.0rc1")));
  CHECK(matches(spec("latest"), version("13.5.0")));
  CHECK_FALSE(matches(spec("latest"), version("13.6.0rc1")));
}

TEST_CASE("a spec can never be a path, URL or command") {
  VersionSpec s;
  const char* reason = nullptr;
  for (const char* text : {"", "../x", "a/b", "/etc", "https://x", "$(id)", "`id`", "a b", "a\nb", "-x", "x..y", "x.", "x-",
                           "*", ".", "~", ">=", ">=x", ">=12,,<13", "12.8;id", "\xc3\xa9"}) {
    INFO(text);
    CHECK_FALSE(parse_spec(text, s, reason));
    CHECK(std::string(reason).size() > 5);
  }
  CHECK(spec("driver").kind == VersionSpec::Kind::driver);
  CHECK(spec("my-cuda_12.4").kind == VersionSpec::Kind::name);
}
