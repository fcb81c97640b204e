#include "unit/catch.hpp"

#include <string>

#include "model/pin_value.hpp"
#include "model/pinfile.hpp"

using namespace cudaenv;

namespace {

struct Bad {
  std::string text;
  std::uint32_t line, column;
  const char* reason;  // a part of it
};

Pin good(const std::string& text) {
  static std::string kept;  // a Pin points into what was parsed
  kept = text;
  Pin pin;
  PinError error;
  INFO(text);
  const bool accepted = parse_pin(kept, pin, error);
  INFO(error.line << ":" << error.column << " " << error.reason);
  REQUIRE(accepted);
  return pin;
}

void refused(const Bad& bad) {
  Pin pin;
  PinError error;
  INFO(bad.text);
  REQUIRE_FALSE(parse_pin(bad.text, pin, error));
  INFO(error.reason);
  CHECK(error.line == bad.line);
  CHECK(error.column == bad.column);
  CHECK_THAT(std::string(error.reason), ContainsSubstring(bad.reason));
}

}  // namespace

TEST_CASE("the one-line form: a spec, comments, BOM, CRLF, blank lines") {
  struct Good {
    std::string text, spec;
    std::uint32_t line;
  };
  const Good table[] = {
      {"12.8", "12.8", 1},
      {"12.8\n", "12.8", 1},
      {"12.8\r\n", "12.8", 1},
      {"\xEF\xBB\xBF"
       "12.8\n",
       "12.8", 1},
      {"# why\n\n  12.8\t# here\n\n# end", "12.8", 3},
      {"\xEF\xBB\xBF\r\n# \xC3\xA9\r\n12.8.1\r\n\r\n", "12.8.1", 3},
      {">=12.4,<13", ">=12.4,<13", 1},
      {">=12.4, <13 # both", ">=12.4, <13", 1},
      {"==12.8", "==12.8", 1},
      {"latest", "latest", 1},
      {"driver\n", "driver", 1},
      {"my-cuda_12.4\n", "my-cuda_12.4", 1},
      {"toolkit", "toolkit", 1},  // a link may have that name
      {"13.4.0rc1", "13.4.0rc1", 1},
  };
  for (const auto& entry : table) {
    const Pin pin = good(entry.text);
    CHECK(pin.toolkit.text == entry.spec);
    CHECK(pin.toolkit_line == entry.line);
    CHECK(pin.components == 0);
  }
}

TEST_CASE("TOML: every key, arrays over lines, both kinds of string") {
  const Pin pin = good(
      "# ours\r\n"
      "toolkit = '12.8'   # why\r\n"
      "components = [ # list\r\n  \"nvcc\", 'cudnn@9',\r\n\r\n  \"nccl\", # last\r\n]\r\n"
      "channel=\"nvidia\"\r\n\r\n"
      "[ require ] # must hold\r\n"
      "driver = \">=570.26\"\r\n"
      "compute_capability = \">= 8.0\"\r\n"
      "torch = \"cu128\"");
  CHECK(pin.toolkit.text == "12.8");
  CHECK(pin.toolkit.kind == VersionSpec::Kind::prefix);
  CHECK(pin.toolkit_line == 2);
  REQUIRE(pin.components == 3);
  CHECK(pin.component[0] == "nvcc");
  CHECK(pin.component[1] == "cudnn@9");
  CHECK(pin.component[2] == "nccl");
  CHECK(pin.channel == "nvidia");
  CHECK(pin.require.driver == ">=570.26");
  CHECK(pin.require.compute_capability == ">= 8.0");
  CHECK(pin.require.torch == "cu128");
}

TEST_CASE("TOML without a toolkit, with an empty array, with a leading zero in the driver") {
  CHECK(good("components = []").toolkit_line == 0);
  CHECK(good("components = [\n]\n").components == 0);
  CHECK(good("[require]\ndriver = \"==580.159.04\"").require.driver == "==580.159.04");
  CHECK(good("\n\n\ttoolkit\t=\t\"latest\"\t\n").toolkit_line == 3);
}

TEST_CASE("what is not a `.cudaenv` is refused where it goes wrong") {
  const std::string nul("12.8\0\n", 6);
  const Bad table[] = {
      {"", 1, 1, "says nothing"},
      {"\xEF\xBB\xBF", 1, 1, "says nothing"},
      {"\n# only\n", 1, 1, "says nothing"},
      {"[require]\n", 1, 1, "says nothing"},
      {nul, 1, 5, "NUL"},
      {"12.8\n\x1b[31m", 2, 1, "control character"},
      {"\xEF\xBB\xBF# \xDA\n12.8", 1, 3, "UTF-8"},  // a column counts from after the mark
      {"12.8 # \x7f", 1, 8, "control character"},
      {"12.8\r13.0", 1, 5, "carriage return"},
      {"12.8\r", 1, 5, "carriage return"},
      {"# \xC3(\n12.8", 1, 3, "UTF-8"},
      {"12.8\n# \xED\xA0\x80", 2, 3, "UTF-8"},      // a surrogate
      {"12.8\n# \xC0\xAF", 2, 3, "UTF-8"},          // overlong
      {"12.8\n# \xF4\x90\x80\x80", 2, 3, "UTF-8"},  // above U+10FFFF
      {"12.8 # \xE2\x82", 1, 8, "UTF-8"},           // cut off
      {"12.8 13.0", 1, 1, "expected a version"},
      {"\xEF\xBB\xBF  12.x", 1, 3, "expected a version"},
      {"12.8\n13.0\n", 2, 1, "nothing but comments"},
      {"12.8\ntoolkit = \"13\"", 2, 1, "nothing but comments"},
      {"../etc", 1, 1, "expected a version"},
      {"$(touch x)", 1, 1, "expected a version"},
      {"/usr/local/cuda", 1, 1, "expected a version"},
      {"https://example.org/x", 1, 1, "expected a version"},
      {"toolkit \"12.8\"", 1, 1, "expected a version"},
      {"toolkit = 12.8", 1, 11, "string in quotes"},
      {"toolkit =", 1, 10, "string in quotes"},
      {"toolkit = \n\"12\"", 1, 11, "string in quotes"},
      {"toolkit = \"12.8", 1, 11, "no end"},
      {"toolkit = '12.8\n'", 1, 11, "no end"},
      {"toolkit = \"12\\u002e8\"", 1, 14, "escapes"},
      {"toolkit = \"\"\"12.8\"\"\"", 1, 12, "empty"},
      {"toolkit = \"12.8\" x", 1, 18, "end of the line"},
      {"toolkit = \"12.8\" channel = \"a\"", 1, 18, "end of the line"},
      {"toolkit = \"\"", 1, 12, "empty"},
      {"toolkit = '../x'", 1, 12, "expected a version"},
      {"toolkit = \"12.8\"\ntoolkit = \"12.8\"", 2, 1, "twice"},
      {"toolkit.a = \"12\"", 1, 1, "expected a version"},
      {"channel = \"a\"\ntoolkit.a = \"12\"", 2, 8, "`=`"},
      {"\"toolkit\" = \"12\"", 1, 1, "without quotes"},
      {"channel = \"a\"\n= \"12\"", 2, 1, "expected a key"},
      {"path = \"/x\"", 1, 1, "unknown key"},
      {"driver = \">=570\"", 1, 1, "belongs in the table"},
      {"[require]\ntoolkit = \"12\"", 2, 1, "belongs above"},
      {"[require]\nurl = \"12\"", 2, 1, "unknown key; [require]"},
      {"[other]\n", 1, 2, "only table"},
      {"[.", 1, 2, "only table"},
      {"[", 1, 2, "only table"},
      {"[[require]]\n", 1, 2, "only table"},
      {"[require", 1, 9, "`]`"},
      {"[require.x]", 1, 9, "`]`"},
      {"[require]\ndriver='>=1'\n[require]", 3, 1, "twice"},
      {"[require] driver = \">=570\"", 1, 11, "end of the line"},
      {"require = { driver = \">=570\" }", 1, 1, "unknown key"},
      {"[require]\ndriver = \"570.26\"", 2, 11, "comparison"},
      {"[require]\ndriver = \">=\"", 2, 11, "numbers"},
      {"[require]\ndriver = \">=1.2.3.4.5\"", 2, 11, "numbers"},
      {"[require]\ndriver = \">=1.\"", 2, 11, "numbers"},
      {"[require]\ncompute_capability = \"8.0\"", 2, 23, "comparison"},
      {"[require]\ntorch = \"12.8\"", 2, 10, "torch"},
      {"[require]\ntorch = \"cu12x\"", 2, 10, "torch"},
      {"channel = \"https://x\"", 1, 12, "name of a channel"},
      {"channel = \"a/b\"", 1, 12, "name of a channel"},
      {"channel = \"9a\"", 1, 12, "name of a channel"},
      {"components = \"nvcc\"", 1, 14, "array"},
      {"components = [\"nvcc\" \"cudart\"]", 1, 22, "`,` or `]`"},
      {"components = [,]", 1, 15, "string in quotes"},
      {"components = [\"nvcc\",,]", 1, 22, "string in quotes"},
      {"components = [\n  [\"a\"]]", 2, 3, "string in quotes"},
      {"components = [\n\"nvcc\",\n", 3, 1, "string in quotes"},
      {"components = [\"NVCC\"]", 1, 16, "component"},
      {"components = [\n  \"cudnn@\"]", 2, 4, "after `@`"},
      {"components = [\"cudnn@9@9\"]", 1, 16, "after `@`"},
      {"components = [\"a\",\n\"a@9\"]", 2, 2, "twice"},
      {"components = [\"../a\"]", 1, 16, "component"},
  };
  for (const auto& entry : table) refused(entry);
}

TEST_CASE("limits: 64 KiB, 64 components") {
  const std::string comment(pinfile_max_bytes - 6, 'x');
  CHECK(good("12.8\n#" + comment).toolkit.text == "12.8");
  refused({"12.8\n#x" + comment, 1, 1, "64 KiB"});
  std::string list = "components = [";
  for (int i = 0; i < 64; ++i) list += "'c" + std::to_string(i) + "',";
  CHECK(good(list + "]").components == 64);
  refused({list + "'x']", 1, static_cast<std::uint32_t>(list.size() + 2), "more than 64"});
}

TEST_CASE("every prefix of a good file is accepted or refused inside itself") {
  const std::string text =
      "# a\ntoolkit = \"12.8\"\ncomponents = [\"nvcc\",\n 'cudnn@9']\n[require]\ndriver = \">=570.26\"\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    Pin pin;
    PinError error;
    const std::string_view prefix(text.data(), size);
    if (parse_pin(prefix, pin, error)) continue;
    INFO(prefix);
    CHECK(error.line >= 1);
    CHECK(error.column >= 1);
    CHECK(error.column <= size + 1);
    CHECK(std::string(error.reason).size() > 5);
  }
}

TEST_CASE("component names with and without a version") {
  CHECK(component_name("cudnn@9.10") == "cudnn");
  CHECK(component_name("nvcc") == "nvcc");
  CHECK(component_fault(std::string(64, 'a')) != nullptr);
  CHECK(component_fault("cusparselt@0.7.1") == nullptr);
}
