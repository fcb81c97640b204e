// An unnamed file in memory: the private channel on which the probe leaves its records. A pipe would be held
// open by a grandchild and would block a writer when full; a file does neither.
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace cudaenv {

/// A new, close-on-exec memory file that holds at most `bytes`: nobody who writes to it can make it grow, so it cannot
/// eat memory. What is not written reads as zero bytes. `name` shows in /proc only. Code::io on failure.
[[nodiscard]] Result<Fd> make_memory_file(const std::string& name, std::size_t bytes);
/// The content, at most `max` bytes, zero bytes at the end left out.
[[nodiscard]] Result<std::string> read_memory_file(const Fd& file, std::size_t max);

}  // namespace cudaenv
