#include "unpack/zip_check.hpp"

#include <algorithm>
#include <cstring>

#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::unpack;

namespace {

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

struct Entry {
  std::string name, data;
  std::uint16_t flags = 0;
  std::string descriptor{};
};

std::string header(const Entry& entry, bool central, std::uint64_t offset) {
  std::string out;
  put(out, central ? 0x02014b50 : 0x04034b50, 4);
  if (central) put(out, (3U << 8U) | 20U, 2);
  put(out, 20, 2);
  put(out, entry.flags, 2);
  put(out, (entry.flags & 8U) != 0 ? 8 : 0, 2);
  put(out, 0, 4);
  const bool blank = !central && (entry.flags & 8U) != 0;
  put(out, blank ? 0 : 0x12345678, 4);
  put(out, blank ? 0 : entry.data.size(), 4);
  put(out, blank ? 0 : entry.data.size(), 4);
  put(out, entry.name.size(), 2);
  put(out, 0, 2);
  if (central) {
    put(out, 0, 6);
    put(out, 0100644ULL << 16U, 4);
    put(out, offset, 4);
  }
  return out + entry.name;
}

std::string zip_of(const std::vector<Entry>& entries) {
  std::string out, directory;
  for (const auto& entry : entries) {
    directory += header(entry, true, out.size());
    out += header(entry, false, 0) + entry.data + entry.descriptor;
  }
  const auto offset = out.size();
  out += directory;
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, entries.size(), 2);
  put(out, entries.size(), 2);
  put(out, directory.size(), 4);
  put(out, offset, 4);
  put(out, 0, 2);
  return out;
}

Result<std::vector<ZipEntry>> check(const std::string& zip) {
  return check_zip(zip.size(), [&](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
    REQUIRE(offset + out.size() <= zip.size());
    if (!out.empty()) std::memcpy(out.data(), zip.data() + offset, out.size());
    return {};
  });
}

std::string descriptor(std::uint64_t size, int wide, bool signature) {
  std::string out;
  if (signature) put(out, 0x08074b50, 4);
  put(out, 0x12345678, 4);
  put(out, size, wide);
  put(out, size, wide);
  return out;
}

std::string rule_of(const std::string& zip) {
  const auto result = check(zip);
  if (result) return "";
  CHECK(result.error().code == Code::integrity);
  const auto& cause = result.error().causes.at(0);
  const auto start = std::string("it breaks the rule ").size();
  return cause.substr(start, cause.find(':') - start);
}

const std::string good = zip_of({{"a/one", "first"}, {"a/two", "second"}});

}  // namespace

TEST_CASE("a plain zip is what its directory says", "[zip]") {
  const auto entries = check(good);
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[1].name == "a/two");
  CHECK((*entries)[1].size == 6);
  CHECK(check(zip_of({})));
}

TEST_CASE("data descriptors in each of their four forms", "[zip]") {
  for (const int wide : {4, 8})
    for (const bool signature : {false, true}) {
      CAPTURE(wide, signature);
      CHECK(rule_of(zip_of({{"a", "xyz", 8, descriptor(3, wide, signature)}, {"b", "y"}})) == "");
      CHECK(rule_of(zip_of({{"a", "xyz", 8, descriptor(4, wide, signature)}, {"b", "y"}})) == "zip-descriptor");
    }
  CHECK(rule_of(zip_of({{"a", "xyz", 8, ""}})) == "zip-gap");
}

TEST_CASE("every shorter file is refused", "[zip]") {
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(check(good.substr(0, length)));
  }
}

TEST_CASE("bytes outside the entries are refused", "[zip]") {
  CHECK(rule_of("#!/bin/sh\n" + good) != "");
  CHECK(rule_of(good + "x") == "zip-end");
  CHECK(rule_of(good + good) == "zip-directory-place");
  auto with_comment = good;
  with_comment[with_comment.size() - 2] = static_cast<char>(good.size());
  CHECK(rule_of(with_comment + good) != "");
}

TEST_CASE("no changed byte is taken for another layout", "[zip]") {
  // Only bytes that say nothing about layout (contents, times, crc on both sides, attributes) may change freely.
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const unsigned bit : {0U, 3U, 7U}) {
      auto changed = good;
      changed[at] = static_cast<char>(changed[at] ^ (1U << bit));
      const auto result = check(changed);
      if (!result) continue;
      ++accepted;
      REQUIRE(result->size() == 2);
      CHECK((*result)[0].name == "a/one");
      CHECK((*result)[1].offset == 30 + 5 + 5);
    }
  CHECK(accepted > 0);
  CHECK(accepted < good.size());
}

TEST_CASE("names that readers treat differently", "[zip]") {
  CHECK(rule_of(zip_of({{"a", "x"}, {"a", "y"}})) == "zip-duplicate");
  CHECK(rule_of(zip_of({{std::string("a\0b", 3), "x"}})) == "zip-name");
  CHECK(rule_of(zip_of({{"\xc3\xa9", "x"}})) == "zip-name");
  CHECK(rule_of(zip_of({{"\xc3\xa9", "x", 0x0800}})) == "");
  CHECK(rule_of(zip_of({{"\xff", "x", 0x0800}})) == "zip-name");
  CHECK(rule_of(zip_of({{"", "x"}})) == "zip-name");
  CHECK(rule_of(zip_of({{"a/", "x"}})) == "zip-folder");
  CHECK(rule_of(zip_of({{"a", "x", 1}})) == "zip-encrypted");
  CHECK(rule_of(zip_of({{"a", "x", 0x20}})) == "zip-flags");
}
