// The texts of --help.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace cudaenv::cli {

/// `cudaenv --help`: every command by group.
[[nodiscard]] std::string overview(const World& world);
/// "Examples:" with the command's own lines.
[[nodiscard]] std::string examples_footer(const Command& command);
/// "did you mean `install`?" or empty.
[[nodiscard]] std::string nearest_command(std::string_view word);

}  // namespace cudaenv::cli
