#include "unpack/wheel_record.hpp"

#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::unpack;

namespace {

// echo -n hello | sha256sum; the same in URL-safe base64
const std::string hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const std::string base64 = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ";
const std::string record_path = "p-1.dist-info/RECORD";
const std::vector<WheelFile> files{{"p/hello", hex, 5}, {record_path, hex, 5}};

std::string rule_of(const std::string& record, const std::vector<WheelFile>& given = files) {
  const auto result = verify_record(given, record_path, record);
  if (result) return "";
  CHECK(result.error().code == Code::integrity);
  const auto& cause = result.error().causes.at(0);
  const auto start = std::string("it breaks the rule ").size();
  return cause.substr(start, cause.find(':') - start);
}

}  // namespace

TEST_CASE("RECORD and the files agree", "[unpack]") {
  CHECK(rule_of("p/hello,sha256=" + base64 + ",5\n" + record_path + ",,\n") == "");
  CHECK(rule_of("p/hello,sha256=" + base64 + ",5\r\n") == "");
  CHECK(rule_of("\"p/hello\",sha256=" + base64 + ",5\n") == "");
  CHECK(rule_of("\"p,\"\"x\"\"\",sha256=" + base64 + ",5\n", {{"p,\"x\"", hex, 5}, {record_path, hex, 5}}) == "");
  CHECK(rule_of("p/hello,sha256=" + base64 + ",5\n", {{"p/hello", hex, 5}, {record_path + ".jws", hex, 5}}) == "");
}

TEST_CASE("RECORD and the files disagree", "[unpack]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "record-missing-row"},
      {record_path + ",,\n", "record-missing-row"},
      {"p/hello,sha256=" + base64 + ",5\np/other,sha256=" + base64 + ",5\n", "record-extra-row"},
      {"p/hello,sha256=" + base64 + ",5\n../p/hello,sha256=" + base64 + ",5\n", "record-extra-row"},
      {"p/hello,sha256=" + base64 + ",5\np/hello,sha256=" + base64 + ",5\n", "record-duplicate"},
      {"p/hello,sha256=" + base64 + ",6\n", "record-size"},
      {"p/hello,sha256=" + base64 + ",\n", "record-size"},
      {"p/hello,sha256=M" + base64.substr(1) + ",5\n", "record-hash"},
      {"p/hello,sha256=" + base64.substr(0, 42) + "R,5\n", "record-hash"},  // two stray bits
      {"p/hello,sha256=" + base64 + "=,5\n", "record-hash"},
      {"p/hello,sha256=,5\n", "record-hash"},
      {"p/hello,md5=XUFAKrxLKna5cZ2REBfFkg,5\n", "record-hash-kind"},
      {"p/hello,,\n", "record-hash-kind"},
      {"p/hello,sha256=" + base64 + ",5\n" + record_path + ",sha256=" + base64 + ",5\n", "record-self"},
      {"p/hello,sha256=" + base64 + "\n", "record-format"},
      {"p/hello,sha256=" + base64 + ",5,x\n", "record-format"},
      {"\"p/hello,sha256=" + base64 + ",5\n", "record-format"},
      {"p/\"hello\",sha256=" + base64 + ",5\n", "record-format"},
      {"\"p/hello\"x,sha256=" + base64 + ",5\n", "record-format"},
      {"p/hell\xff,sha256=" + base64 + ",5\n", "record-format"},
  };
  for (const auto& [record, rule] : table) {
    CAPTURE(record);
    CHECK(rule_of(record) == rule);
  }
}

TEST_CASE("there is one RECORD", "[unpack]") {
  CHECK(find_record(files) == record_path);
  CHECK_FALSE(find_record({{"p/hello", hex, 5}}));
  CHECK_FALSE(find_record({{"a.dist-info/RECORD", hex, 5}, {"b.dist-info/METADATA", hex, 5}}));
  CHECK_FALSE(find_record({{"x/a.dist-info/RECORD", hex, 5}}));
  CHECK_FALSE(find_record({{"a.dist-info", hex, 5}}));
}
