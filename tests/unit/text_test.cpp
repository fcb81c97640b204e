#include "base/text.hpp"

#include "unit/catch.hpp"

using namespace cudaenv;

TEST_CASE("strict UTF-8", "[text]") {
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const std::string text : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "a\xff"})
    CHECK_FALSE(is_utf8(text));
}

TEST_CASE("text from outside is made safe to print", "[text]") {
  CHECK(printable("plain caf\xc3\xa9") == "plain caf\xc3\xa9");
  CHECK(printable("a\x1b[2J\n\x7f") == "a\\x1b[2J\\x0a\\x7f");
  CHECK(printable("a\xff\xc3") == "a\\xff\\xc3");
  CHECK(printable("\xc2\x9b\xe2\x80\xae\xef\xbb\xbf") == "\\u009b\\u202e\\ufeff");
  CHECK(printable("abcdef", 3) == "abc...");
}
