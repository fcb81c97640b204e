// What a toolkit says about itself: for releases that the tables do not know, and more certain than they for all others.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "verify/facts_tables.hpp"
#include "verify/probe_run.hpp"

namespace cudaenv::verify {

struct ToolkitReads {
  std::vector<int> archs;  // 75, 80, …: targets for machine code; empty: it has nobody to ask
  std::string asked;       // "ptxas", "nvcc", "NVRTC"
  int isa = 0;             // 95: of PTX that it made; 0 unknown
};

/// Runs the toolkit's own `ptxas --help`, else `nvcc --help`: about 10 ms. Without either, or where they fail, nothing
/// is known.
[[nodiscard]] ToolkitReads read_tools(const std::string& toolkit, std::chrono::milliseconds deadline);

/// What the probe's NVRTC said: nvrtc.archs, and ptx.isa of the PTX it made.
[[nodiscard]] ToolkitReads read_report(const ProbeReport& report);

/// The targets in the help of ptxas or nvcc ('sm_90','sm_90a','compute_90'): plain sm_ numbers, ascending.
[[nodiscard]] std::vector<int> parse_help_archs(std::string_view help);

/// Lets `reads` outrank the tables for this release (12080).
void learn(Tables& tables, int cuda, const ToolkitReads& reads);

}  // namespace cudaenv::verify
