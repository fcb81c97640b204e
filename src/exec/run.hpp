// `cudaenv run`: the process becomes the command.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace cudaenv::exec {

/// Looks `command` up in PATH of `environment` (a name with a slash is taken as it is) and replaces
/// this process. Only returns on failure: Code::not_found, whose exit status is 127.
[[nodiscard]] Error become(const std::vector<std::string>& command,
                           const std::map<std::string, std::string, std::less<>>& environment);

}  // namespace cudaenv::exec
