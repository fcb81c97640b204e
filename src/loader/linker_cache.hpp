// /etc/ld.so.cache, in its real format and from bytes that may be damaged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "loader/linker_facts.hpp"

namespace cudaenv::loader {

struct CachedLibrary {
  std::string path;
  std::uint32_t flags = 0;  // 0x303: x86-64, 0xa03: AArch64
  std::string hwcaps;       // "x86-64-v3" of a library below glibc-hwcaps; empty for others
};

class LinkerCache {
 public:
  LinkerCache() = default;
  /// Format: glibc's "glibc-ld.so.cache1.1", alone or behind the older table, with the extension for glibc-hwcaps.
  /// Code::integrity where it is something else or leaves its bounds; at most 1,000,000 entries.
  [[nodiscard]] static Result<LinkerCache> parse(std::string_view bytes);

  /// Files for `name` that this machine may load, the one that the linker takes first.
  [[nodiscard]] std::vector<std::string> find(std::string_view name, const LinkerFacts& facts) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const std::multimap<std::string, CachedLibrary, std::less<>>& entries() const { return entries_; }

 private:
  std::multimap<std::string, CachedLibrary, std::less<>> entries_;
};

}  // namespace cudaenv::loader
