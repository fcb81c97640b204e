// Requirements and environment markers of package metadata: PEP 508 without direct references.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/pep440.hpp"
#include "model/platform.hpp"

namespace cudaenv::pep508 {

inline constexpr std::size_t max_requirement_bytes = 16 * 1024;
inline constexpr int max_marker_depth = 32;

/// Values of the marker variables (`sys_platform`, `platform_machine`, `extra`, ...).
using Environment = std::map<std::string, std::string, std::less<>>;
/// What markers see on this platform: linux, posix, CPython; `extra` is added by the caller.
[[nodiscard]] Environment environment_of(Platform platform);

struct Requirement {
  std::string name;                 // as written
  std::vector<std::string> extras;  // as written
  std::string specifier;            // "==13.0.88.*", without parentheses and spaces; may be empty
  std::string marker;               // as written; empty: always
};

/// Parses `name[extra](==1.0); marker`. Direct references (`name @ url`) are refused. Code::integrity.
[[nodiscard]] Result<Requirement> parse_requirement(std::string_view text);
/// Evaluates a marker; an unknown variable, a malformed or too deep expression is an error.
[[nodiscard]] Result<bool> evaluate_marker(std::string_view marker, const Environment& environment);

/// PEP 503: lower case, runs of `-_.` become one `-`.
[[nodiscard]] std::string normalize_name(std::string_view name);

}  // namespace cudaenv::pep508
