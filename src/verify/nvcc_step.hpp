// Does nvcc of this toolkit make programs with this machine's host compiler, and do they run?
#pragma once

#include <string>
#include <vector>

#include "verify/judge_libraries.hpp"
#include "verify/tool_run.hpp"

namespace cudaenv::verify {

struct NvccRequest {
  std::string toolkit;          // folder
  std::string tmp;              // where a scratch folder may be made
  Variables environment;        // World::env
  Variables run_environment;    // of the compiled program: which driver and GPUs it sees
  std::vector<int> archs;       // targets of the toolkit, ascending
  int cc = 0;                   // 90 of the device; 0: nothing runs here, so the program is made but not started
  int device = 0;               // CUDA's index
};

/// The compiler that nvcc is to use, and what to say about it.
struct HostCompiler {
  std::string path = {};     // empty: none fits
  bool chosen = false;       // not the default one: nvcc needs `-ccbin`
  std::string words = {};    // "g++ 12.2.0"; where none fits, why and how to get one
  std::string remedy = {};   // a command, where none fits
};

/// The newest target of `archs` whose machine code runs on `cc`; 0 where there is none.
[[nodiscard]] int native_target(const std::vector<int>& archs, int cc);

/// What the program must print for these numbers: a digest of the values that its kernel computes.
[[nodiscard]] std::string expected_output(std::uint32_t salt, std::uint32_t seed);

/// Step nvcc: compiled, linked and run, or why not; skipped where nvcc or any host compiler is missing.
[[nodiscard]] FurtherSteps nvcc_step(const NvccRequest& request, CauseFacts facts);

}  // namespace cudaenv::verify
