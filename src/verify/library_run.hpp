// Runs the toolkit's libraries in children of their own: one that crashes costs its own step and nothing else.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "verify/probe_run.hpp"

namespace cudaenv::verify {

/// The steps, in the order in which a child takes them.
inline constexpr const char* library_steps[] = {"gemm", "cufft", "cudnn", "nccl"};

struct LibraryRun {
  std::vector<std::string> asked;  // of library_steps
  ProbeReport report;
};

/// The steps behind the one in which a run ended early; empty where it came to its end, hung (what follows would have
/// no time left) or never reached a library.
[[nodiscard]] std::vector<std::string> left_to_run(const LibraryRun& run);

/// All steps; after a crash the rest in another child, all of it within request.deadline. `request.libraries` is
/// ignored. An Error only where no child can be started at all.
[[nodiscard]] Result<std::vector<LibraryRun>> run_libraries(const World& world, ProbeRequest request);

}  // namespace cudaenv::verify
