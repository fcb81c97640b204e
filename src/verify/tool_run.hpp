// Compilers and freshly made programs as children: what they are given, and what they said in one line.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "sys/process.hpp"

namespace cudaenv::verify {

using Variables = std::map<std::string, std::string, std::less<>>;

/// Nothing of the caller's that would bend a compile (no CPATH, no NVCC_APPEND_FLAGS, no LD_LIBRARY_PATH), but its PATH
/// and its choice of a host compiler.
[[nodiscard]] Variables tool_environment(const Variables& environment, const std::string& scratch);

/// Its first error, else its last words; safe to show.
[[nodiscard]] std::string gist(const ChildResult& result);

/// Why a child is no success: not started, too slow, a signal, a status with its gist; empty where it is one.
[[nodiscard]] std::string trouble(const Result<ChildResult>& result);

}  // namespace cudaenv::verify
