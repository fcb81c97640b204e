// The METADATA file of a wheel: the headers that matter here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv {

inline constexpr std::size_t max_metadata_bytes = 4 * 1024 * 1024;

struct Metadata {
  std::string name;
  std::string version;
  std::string license;                     // License-Expression or License, first line
  std::vector<std::string> extras;         // Provides-Extra, as written
  std::vector<std::string> requires_dist;  // as written, one requirement each
};

/// Reads the header block (RFC 822 style, folded lines joined) up to the first empty line. Name and
/// Version must be there. Code::integrity otherwise.
[[nodiscard]] Result<Metadata> parse_metadata(std::string_view text);

}  // namespace cudaenv
