// The test kernel: 4,096 threads, each writes one value that depends on its index, on a number in the text and
// on a number handed over at launch. No text is ever made twice, so no cache can answer for the compiler.
#pragma once

#include <cstddef>
#include <cstdint>

#include "probe/options.hpp"

namespace cudaenv::probe {

inline constexpr unsigned kernel_threads = 4096;
inline constexpr unsigned kernel_block = 256;
inline constexpr const char* kernel_name = "cudaenv_probe";

/// What thread `index` must write.
[[nodiscard]] constexpr std::uint32_t kernel_value(std::uint32_t index, std::uint32_t text_salt, std::uint32_t seed) {
  return ((index + text_salt) * 2654435761U) ^ seed;
}

/// How many of the kernel's values are not what they must be.
[[nodiscard]] unsigned count_wrong(const std::uint32_t (&values)[kernel_threads], Salt salt);

/// CUDA C++ for NVRTC and nvcc.
void write_cuda_text(char* out, std::size_t size, const char* nonce, std::uint32_t text_salt);
/// The same kernel as PTX, for ptxas and for the driver: `isa` like "8.4", target sm_<cc>.
void write_ptx_text(char* out, std::size_t size, const char* nonce, std::uint32_t text_salt, const char* isa, int cc);

}  // namespace cudaenv::probe
