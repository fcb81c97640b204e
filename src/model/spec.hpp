// What a person may ask for: `12`, `12.8`, `>=12.4,<13`, `latest`, `driver`, `torch`, `system`, or
// the name of one of their own links. No allocation: the static shim uses this file as it is, so
// shim, hook and manager choose by the same function.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/version.hpp"

namespace cudaenv {

struct VersionBound {
  enum class Op : std::uint8_t { ge, gt, le, lt, eq, ne } op = Op::ge;
  Version version;
};

struct VersionSpec {
  enum class Kind : std::uint8_t {
    prefix,  // 12, 12.8, 12.8.1: the newest that begins so
    range,   // >=12.4,<13: the newest inside
    latest,
    driver,  // newest whose PTX this driver can JIT: only the manager can answer
    torch,   // what the project's torch was built with: only the manager can answer
    system,  // what is under /usr/local
    name     // a user's link
  } kind = Kind::prefix;
  std::string_view text;  // as written; lives as long as what was parsed
  Version version;        // prefix
  std::array<VersionBound, 8> bound{};
  std::uint8_t bounds = 0;  // range
};

/// Parses a spec. On failure returns false and sets `reason` to a sentence that lives for ever.
/// Names: [A-Za-z][A-Za-z0-9._-]{0,62}, without `..` and without a trailing dot or dash. No path, URL,
/// space (one is allowed after a comma of a range) or control character is ever accepted.
[[nodiscard]] bool parse_spec(std::string_view text, VersionSpec& out, const char*& reason);

/// Does `version` satisfy `spec`? Release candidates satisfy only a prefix that names them exactly,
/// unless `candidates` is set. Kinds driver, torch, system and name answer false.
[[nodiscard]] bool matches(const VersionSpec& spec, const Version& version, bool candidates = false);

/// The one order of choice among names that match: is `a`, spelled `name_a`, taken before `b`? The newer version;
/// of equal ones (12.8 and 12.8.0) the longer spelling, then the first in byte order.
[[nodiscard]] bool chosen_before(const Version& a, std::string_view name_a, const Version& b, std::string_view name_b);

}  // namespace cudaenv
