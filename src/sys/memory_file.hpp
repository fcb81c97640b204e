// An unnamed file in memory: the private channel on which the probe leaves its records. A pipe would be held
// open by a grandchild and would block a writer when full; a file does neither.
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace cudaenv {

/// A new, empty, close-on-exec memory file. `name` shows in /proc only. Code::io on failure.
[[nodiscard]] Result<Fd> make_memory_file(const std::string& name);
/// What was written to it so far, at most `max` bytes; the rest is left out.
[[nodiscard]] Result<std::string> read_memory_file(const Fd& file, std::size_t max);

}  // namespace cudaenv
