#include <random>

#include "loader/linker_cache.hpp"
#include "loader/places.hpp"
#include "sys/fs.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::loader;

namespace {

std::string number(std::uint64_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i, value >>= 8U) out += static_cast<char>(value & 0xffU);
  return out;
}

struct Row {
  std::string name, path;
  std::uint32_t flags = 0x303;
  std::uint64_t hwcap = 0;
};

// The format once more, by hand: header, entries, texts, extension with the names of glibc-hwcaps.
std::string cache_of(const std::vector<Row>& rows, const std::vector<std::string>& hwcaps) {
  const std::size_t texts_at = 48 + rows.size() * 24;
  std::string texts, entries;
  const auto put = [&](const std::string& text) {
    const auto at = texts_at + texts.size();
    texts += text + '\0';
    return number(at, 4);
  };
  for (const auto& row : rows) entries += number(row.flags, 4) + put(row.name) + put(row.path) + number(0, 4) + number(row.hwcap, 8);
  std::string names;
  for (const auto& one : hwcaps) names += put(one);
  while ((texts_at + texts.size()) % 4 != 0) texts += '\0';
  const auto extension = texts_at + texts.size();
  return "glibc-ld.so.cache1.1" + number(rows.size(), 4) + number(texts.size(), 4) + number(2, 4) + number(extension, 4) + std::string(12, '\0') +
         entries + texts + number(0xeaa42174, 4) + number(1, 4) + number(1, 4) + number(0, 4) + number(extension + 24, 4) + number(names.size(), 4) + names;
}

LinkerFacts facts_of(std::vector<std::string> hwcaps) {
  LinkerFacts facts;
  facts.hwcaps = std::move(hwcaps);
  facts.machine = 62;
  return facts;
}

}  // namespace

TEST_CASE("linker's cache: the best that this machine may load comes first") {
  constexpr auto extension = 1ULL << 62U;
  const auto cache = LinkerCache::parse(cache_of({{"libk.so.1", "/a/glibc-hwcaps/x86-64-v4/libk.so.1", 0x303, extension | 1},
                                                  {"libk.so.1", "/a/glibc-hwcaps/x86-64-v3/libk.so.1", 0x303, extension},
                                                  {"libk.so.1", "/a/libk.so.1"},
                                                  {"libk.so.1", "/a32/libk.so.1", 0x3},
                                                  {"libother.so", "/a/libother.so"}},
                                                 {"x86-64-v3", "x86-64-v4"}));
  REQUIRE(cache);
  CHECK(cache->size() == 5);
  CHECK(cache->find("libk.so.1", facts_of({"x86-64-v3", "x86-64-v2"})) ==
        std::vector<std::string>{"/a/glibc-hwcaps/x86-64-v3/libk.so.1", "/a/libk.so.1"});
  CHECK(cache->find("libk.so.1", facts_of({})) == std::vector<std::string>{"/a/libk.so.1"});
  CHECK(cache->find("libk.so", facts_of({})).empty());
}

TEST_CASE("linker's cache: the older table may stand in front") {
  const auto old = "ld.so-1.7.0" + std::string(1, '\0') + number(1, 4) + number(3, 4) + number(0, 4) + number(0, 4) + std::string(4, '\0');
  const auto cache = LinkerCache::parse(old + cache_of({{"libk.so.1", "/a/libk.so.1"}}, {}));
  REQUIRE(cache);
  CHECK(cache->find("libk.so.1", facts_of({})) == std::vector<std::string>{"/a/libk.so.1"});
}

TEST_CASE("linker's cache: this machine's own is read") {
  const auto bytes = fs::read_file("/etc/ld.so.cache", 64 << 20);
  if (!bytes) {
    SUCCEED("no linker's cache on this machine");
    return;
  }
  const auto cache = LinkerCache::parse(*bytes);
  REQUIRE(cache);
  CHECK(cache->entries().contains("libc.so.6"));
}

TEST_CASE("linker's cache: 20,000 damaged ones are read or refused") {
  const auto whole = cache_of({{"libk.so.1", "/a/libk.so.1", 0x303, 1ULL << 62U}, {"liba.so", "/b/liba.so"}}, {"x86-64-v3"});
  std::mt19937_64 random(5);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = whole;
    for (auto left = 1 + random() % 4; left > 0; --left) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 6 == 0) bytes.resize(random() % bytes.size());
    read += LinkerCache::parse(bytes).has_value() ? 1 : 0;
  }
  CHECK(read > 0);
  CHECK(read < 20'000);
}

TEST_CASE("linker: what its --help says of this machine") {
  const auto facts = parse_linker_help(
      "Usage: ld.so [OPTION]...\n\nShared library search path:\n  (libraries located via /etc/ld.so.cache)\n"
      "  /lib/x86_64-linux-gnu (system search path)\n  /usr/lib (system search path)\n\n"
      "Subdirectories of glibc-hwcaps directories, in priority order:\n  x86-64-v4\n  x86-64-v3 (supported, searched)\n\n"
      "Legacy HWCAP subdirectories under library search path directories:\n  haswell (AT_PLATFORM; supported, searched)\n"
      "  tls (supported, searched)\n  avx512_1\n  x86_64 (supported, searched)\n");
  CHECK(facts.system_folders == std::vector<std::string>{"/lib/x86_64-linux-gnu", "/usr/lib"});
  CHECK(facts.hwcaps == std::vector<std::string>{"x86-64-v3"});
  CHECK(facts.lib == "lib/x86_64-linux-gnu");
  CHECK(facts.platform == "haswell");
  CHECK(facts.legacy == std::vector<std::string>{"tls/haswell/x86_64", "tls/haswell", "tls/x86_64", "tls", "haswell/x86_64", "haswell", "x86_64"});
  CHECK(parse_linker_help("").system_folders.empty());
}

TEST_CASE("linker: $ORIGIN, $LIB and $PLATFORM") {
  LinkerFacts facts;
  facts.lib = "lib64";
  facts.platform = "x86_64";
  CHECK(expand("$ORIGIN/../lib", facts, "/a/b") == "/a/b/../lib");
  CHECK(expand("${ORIGIN}:${LIB}:$PLATFORM", facts, "/a") == "/a:lib64:x86_64");
  CHECK(expand("$ORIGINAL/$LIBX/$", facts, "/a") == "$ORIGINAL/$LIBX/$");
  CHECK(expand("$ORIGIN/x", facts, "").empty());
}
