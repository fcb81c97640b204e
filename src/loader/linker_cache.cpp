#include "loader/linker_cache.hpp"

#include <algorithm>
#include <optional>

#include "loader/elf_file.hpp"

namespace cudaenv::loader {

namespace {

constexpr std::string_view old_magic = "ld.so-1.7.0", new_magic = "glibc-ld.so.cache1.1";
constexpr std::size_t old_header = 16, old_entry = 12, header = 48, entry_size = 24, most_entries = 1'000'000;
constexpr std::uint64_t has_extension_hwcaps = 1ULL << 62U;
constexpr std::uint64_t extension_magic = 0xeaa42174, tag_hwcaps = 1;

std::unexpected<Error> damaged(const char* cause) { return fail(Code::integrity, "cannot read the linker's cache", cause); }

std::optional<std::string> text_at(std::string_view bytes, std::uint64_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const auto end = bytes.find('\0', at);
  if (end == std::string_view::npos || end - at > 4096) return std::nullopt;
  return std::string(bytes.substr(at, end - at));
}

// Names of the glibc-hwcaps subfolders that entries refer to by number.
Result<std::vector<std::string>> read_hwcaps(std::string_view bytes, std::uint64_t at) {
  std::vector<std::string> names;
  if (at == 0) return names;
  if (at % 4 != 0 || at > bytes.size() || bytes.size() - at < 8) return damaged("its extension leaves the file");
  if (little(bytes, at, 4) != extension_magic) return damaged("its extension is of an unknown kind");
  const auto count = little(bytes, at + 4, 4);
  if (count > (bytes.size() - at - 8) / 16) return damaged("its extension is cut short");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto section = at + 8 + i * 16;
    const auto offset = little(bytes, section + 8, 4), size = little(bytes, section + 12, 4);
    if (little(bytes, section, 4) != tag_hwcaps) continue;
    if (offset > bytes.size() || size > bytes.size() - offset || size % 4 != 0) return damaged("its extension leaves the file");
    for (auto part = offset; part < offset + size; part += 4) names.push_back(text_at(bytes, little(bytes, part, 4)).value_or(""));
  }
  return names;
}

// The newer table, whose offsets count from its own start.
Result<std::string_view> new_table(std::string_view bytes) {
  if (!bytes.starts_with(old_magic)) return bytes;
  if (bytes.size() < old_header) return damaged("it is cut short");
  const auto count = little(bytes, 12, 4);
  if (count > (bytes.size() - old_header) / old_entry) return damaged("its older table is cut short");
  const auto end = (old_header + count * old_entry + 7) / 8 * 8;
  return bytes.substr(std::min<std::size_t>(end, bytes.size()));
}

std::uint32_t flags_of(std::uint16_t machine) { return machine == 183 ? 0xa03 : 0x303; }

}  // namespace

Result<LinkerCache> LinkerCache::parse(std::string_view all) {
  const auto bytes = TRY(new_table(all));
  if (bytes.size() < header || !bytes.starts_with(new_magic)) return damaged("it does not begin as one");
  const auto count = little(bytes, 20, 4);
  if (count > most_entries || count > (bytes.size() - header) / entry_size) return damaged("it claims more libraries than it holds");
  const auto hwcaps = TRY(read_hwcaps(bytes, little(bytes, 32, 4)));
  LinkerCache cache;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = header + i * entry_size;
    const auto name = text_at(bytes, little(bytes, at + 4, 4)), path = text_at(bytes, little(bytes, at + 8, 4));
    if (!name || !path) return damaged("a name lies outside the file");
    CachedLibrary library{*path, static_cast<std::uint32_t>(little(bytes, at, 4)), {}};
    const auto hwcap = little(bytes, at + 16, 8);
    if ((hwcap & has_extension_hwcaps) != 0) {
      const auto index = hwcap & 0xffffffffU;
      if (index >= hwcaps.size()) continue;  // the linker passes over it as well
      library.hwcaps = hwcaps[index];
    } else if (hwcap != 0) {
      continue;  // a legacy capability: nothing writes them since glibc 2.33
    }
    cache.entries_.emplace(*name, std::move(library));
  }
  return cache;
}

std::vector<std::string> LinkerCache::find(std::string_view name, const LinkerFacts& facts) const {
  std::vector<std::pair<std::size_t, std::string>> found;
  const auto [from, to] = entries_.equal_range(name);
  for (auto one = from; one != to; ++one) {
    const auto& library = one->second;
    if (library.flags != flags_of(facts.machine)) continue;
    const auto place = std::find(facts.hwcaps.begin(), facts.hwcaps.end(), library.hwcaps);
    if (!library.hwcaps.empty() && place == facts.hwcaps.end()) continue;
    found.emplace_back(static_cast<std::size_t>(place - facts.hwcaps.begin()), library.path);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> paths;
  for (auto& [rank, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace cudaenv::loader
