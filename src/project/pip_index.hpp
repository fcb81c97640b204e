// The wheel index that pip on this machine is configured with. cudaenv names none of its own.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/sourced.hpp"
#include "sys/world.hpp"

namespace cudaenv::project {

/// $PIP_INDEX_URL, else pip's configuration, else pip's own default, both asked of pip; ends with a
/// slash. Remembered for a day in <cache>/pip-index under the variables that decide it. Starts
/// python3: only commands that use the network call this. Code::config when there is no pip.
[[nodiscard]] Result<Sourced<std::string>> pip_index(const World& world);

}  // namespace cudaenv::project
