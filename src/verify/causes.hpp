// Why a proof failed: CUDA's error numbers and our own findings as sentences with a way out. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/driver.hpp"

namespace cudaenv::verify {

/// Values that the sentences name.
struct CauseFacts {
  std::string toolkit;   // "13.5.0"
  std::string driver;    // "13.0", cuDriverGetVersion
  std::string module;    // "580.159.04", or "none"
  std::string libcuda;   // real path, or "libcuda.so.1"
  std::string evidence;  // what was seen: the failing call, the linker's message
  std::string origin = "the dynamic linker finds it first";   // who put the libcuda there (LibcudaOrigin::from)
  std::string remedy = "ldconfig -p | grep libcuda";          // a command (LibcudaOrigin::remedy)
};

/// Every row: CUDA's number (0: a finding of ours) and its id. For tests and documentation.
[[nodiscard]] std::vector<std::pair<int, std::string_view>> known_causes();

/// The cause of a CUresult or cudaError_t. Numbers that the table lacks give id "cuda-error".
[[nodiscard]] Cause cause_of_error(int cuda_error, const CauseFacts& facts);

/// The cause of one of our own findings, by its id ("driver-hung"). An unknown id is a fault of ours: "internal".
[[nodiscard]] Cause cause_of_finding(std::string_view id, const CauseFacts& facts);

/// May the same proof end otherwise a moment later? Such a verdict is not cached.
[[nodiscard]] bool is_transient(const Cause& cause);

}  // namespace cudaenv::verify
