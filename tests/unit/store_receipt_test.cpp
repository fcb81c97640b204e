#include "store/receipt.hpp"

#include <nlohmann/json.hpp>

#include "sys/toml_file.hpp"
#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

Receipt sample() {
  Receipt receipt;
  receipt.id = "0123456789abcdef0123456789abcdef";
  receipt.version = version_of("13.0.2");
  receipt.channel = "wheels";
  receipt.files = 1857;
  receipt.bytes = 605416564;
  receipt.tree_sha256 = std::string(64, 'a');
  receipt.components = {{"nvcc", "nvidia-cuda-nvcc", "13.0.88", std::string(64, 'b'), "nvcc.whl", "bin/nvcc"},
                        {"odd", "a \"quoted\" \\ name\x01", "1", std::string(64, 'c'), "\xc3\xa4.whl", ""}};
  return receipt;
}

}  // namespace

TEST_CASE("a receipt is read as it was written", "[store]") {
  const auto receipt = sample();
  const auto again = value(parse_receipt(format_receipt(receipt), "r"));
  CHECK(format_receipt(again) == format_receipt(receipt));
  CHECK(again.components[1].package == receipt.components[1].package);
  CHECK(again.version == receipt.version);
  CHECK(again.bytes == receipt.bytes);
}

TEST_CASE("a receipt is TOML that any reader understands", "[store]") {
  const auto parsed = value(parse_toml(format_receipt(sample()), "receipt.toml"));
  CHECK(parsed["version"] == "13.0.2");
  CHECK(parsed["component"][1]["package"] == sample().components[1].package);
}

TEST_CASE("every proper prefix of a receipt is refused", "[store]") {
  const auto text = format_receipt(sample());
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    const auto read = parse_receipt(text.substr(0, size), "r");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::integrity);
  }
}

TEST_CASE("a receipt that was edited is refused with its line", "[store]") {
  const auto text = format_receipt(sample());
  const auto edited = [&](const std::string& from, const std::string& to) {
    auto out = text;
    out.replace(out.find(from), from.size(), to);
    const auto read = parse_receipt(out, "r");
    return read ? std::string("accepted") : read.error().causes.front();
  };
  CHECK(edited("schema = 1", "schema = 2") == "r:1: a schema this cudaenv does not know");
  CHECK(edited("version = \"13.0.2\"", "version = \"x\"") == "r:3: not a version");
  CHECK(edited("files = 1857", "files = -1") == "r:6: expected a number");
  CHECK_THAT(edited("components = 2", "components = 3"), ContainsSubstring("r:27: expected `[[component]]`"));
  CHECK_THAT(edited("components = 2", "components = 99999999"), ContainsSubstring("too many"));
  CHECK_THAT(edited("# end\n", "# end\nmore\n"), ContainsSubstring("after its end"));
  CHECK_THAT(edited("\\\"quoted", "\\qquoted"), ContainsSubstring("escape"));
  CHECK_THAT(edited("\"wheels\"", "wheels"), ContainsSubstring("quoted"));
}
