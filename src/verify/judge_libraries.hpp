// What the toolkit's libraries did, as steps of a verdict. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/driver.hpp"
#include "verify/causes.hpp"
#include "verify/library_run.hpp"

namespace cudaenv::verify {

/// Steps beyond the plain proof's, of `verify --gemm`.
struct FurtherSteps {
  std::vector<Step> steps = {};
  std::optional<Cause> cause = {};  // of the first that failed
  bool wrong_results = false;  // one computed wrong values
  std::optional<GemmFigures> gemm = {};
};

/// gemm, cufft, cudnn, nccl: pass with figures, fail with the call or file at fault, skip where the library is not
/// installed or was not reached. `facts.toolkit` and the driver's values go into the causes.
[[nodiscard]] FurtherSteps judge_libraries(std::span<const LibraryRun> runs, CauseFacts facts);

/// All of them skipped for one reason.
[[nodiscard]] FurtherSteps skip_libraries(const std::string& reason);

/// Adds the steps. A failure makes a proven verdict degraded (kernels run, this does not), wrong values make it refused.
void add_further(Verdict& verdict, FurtherSteps further);

/// Did a step fail that the plain proof does not have? `verify --gemm` answers 8 then.
[[nodiscard]] bool further_step_failed(const Verdict& verdict);

}  // namespace cudaenv::verify
