// Toolkit versions. No allocation and no library call: the static shim uses this file as it is.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cudaenv {

/// A toolkit or component version: up to four numbers and, for a release candidate, its number.
/// `count` remembers how many numbers were written, so that `12.8` can be a prefix.
struct Version {
  std::array<std::uint32_t, 4> part{};
  std::uint8_t count = 0;
  std::uint32_t candidate = 0;  // 13.4.0rc1 -> 1; 0 = final

  [[nodiscard]] constexpr bool prerelease() const { return candidate != 0; }
  [[nodiscard]] constexpr std::uint32_t major() const { return part[0]; }
  [[nodiscard]] constexpr std::uint32_t minor() const { return part[1]; }
  /// True where every number of this version equals the one of `full` at its place.
  [[nodiscard]] bool is_prefix_of(const Version& full) const;
};

/// Parses `12`, `12.8`, `12.8.1`, `12.8.2.0`, `13.4.0rc1`. Returns false on anything else: no sign,
/// no space, no leading zero beyond a lone `0`, no number above 999999.
[[nodiscard]] bool parse_version(std::string_view text, Version& out);

/// Order of releases: missing numbers count as zero, a candidate comes before its final release.
/// Negative, zero or positive, as strcmp answers.
[[nodiscard]] int compare(const Version& a, const Version& b);
[[nodiscard]] inline bool operator==(const Version& a, const Version& b) { return compare(a, b) == 0; }
[[nodiscard]] inline bool operator<(const Version& a, const Version& b) { return compare(a, b) < 0; }

/// A version as text in a fixed buffer. A fourth number of zero is not shown (12.8.2.0 is 12.8.2).
struct VersionText {
  std::array<char, 64> buffer{};
  std::uint8_t size = 0;
  [[nodiscard]] std::string_view view() const { return {buffer.data(), size}; }
};
[[nodiscard]] VersionText to_text(const Version& version);

}  // namespace cudaenv
