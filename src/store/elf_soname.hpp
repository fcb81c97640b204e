// The SONAME of a shared object, from bytes that may be hostile.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cudaenv::store {

/// DT_SONAME of the ELF64 little-endian shared object at `path`, or empty where the file is no such object or has
/// none. Reads a few KiB by offset, never the whole file. Only a file that cannot be read is an error.
[[nodiscard]] Result<std::string> elf_soname(const std::string& path);

}  // namespace cudaenv::store
