// Package versions and specifiers as the wheel index writes them: PEP 440, whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cudaenv::pep440 {

/// Longer texts are refused: no real version comes near.
inline constexpr std::size_t max_version_bytes = 256;
inline constexpr std::size_t max_specifiers_bytes = 1024;

/// A parsed version. Numbers are kept as decimal text without leading zeros, so none is ever too large.
struct Version {
  using Number = std::string;
  Number epoch = "0";
  std::vector<Number> release;               // "13", "0", "88": at least one
  std::string pre_label;                     // "a", "b", "rc"; empty: none
  Number pre = "0";
  std::optional<Number> post;
  std::optional<Number> dev;
  std::vector<std::string> local;            // "cu128", "1"
  [[nodiscard]] bool prerelease() const { return !pre_label.empty() || dev.has_value(); }
};

/// Accepts every spelling of PEP 440 (leading v, `-`/`_` separators, `alpha`, implicit post `1.0-1`).
[[nodiscard]] std::optional<Version> parse(std::string_view text);
/// The normal form: "1!2.0rc1.post2.dev3+cu128".
[[nodiscard]] std::string to_text(const Version& version);
/// Total order of PEP 440: negative, zero or positive.
[[nodiscard]] int compare(const Version& a, const Version& b);

/// One clause, `>=13.5.37`.
struct Specifier {
  enum class Op : std::uint8_t { compatible, equal, not_equal, less_equal, greater_equal, less, greater, arbitrary } op = Op::equal;
  Version version;       // not set for `arbitrary`
  bool wildcard = false; // ==13.0.*
  std::string text;      // the right-hand side of `===`
};

/// Clauses that must all hold. An empty set holds for every version.
struct SpecifierSet {
  std::vector<Specifier> clauses;
};

/// Parses `<14,>=13.5.37`, with or without spaces. Nullopt on anything PEP 440 does not allow.
[[nodiscard]] std::optional<SpecifierSet> parse_specifiers(std::string_view text);
/// Does the version satisfy every clause? Pre-releases are judged like any other version (as
/// `contains(version, prereleases=True)` of Python's packaging): whoever picks decides on them.
[[nodiscard]] bool contains(const SpecifierSet& set, const Version& version);
/// True where a clause names a pre-release itself (`==13.4.0rc1`), which allows pre-releases.
[[nodiscard]] bool names_prerelease(const SpecifierSet& set);

}  // namespace cudaenv::pep440
