// `verify --gemm`: what goes beyond the plain proof and takes seconds.
#pragma once

#include "app/prove.hpp"

namespace cudaenv::app {

/// Runs the toolkit's libraries and adds their steps to `verdict`; where the plain proof did not get as far as a
/// launch, they are skipped with that reason. An Error only where no child can be started at all.
[[nodiscard]] Result<void> prove_further(const World& world, const Receipt& toolkit, const ProveOptions& options,
                                         Verdict& verdict);

/// Did one of these steps fail? `verify` answers 8 then, although kernels of the toolkit run.
[[nodiscard]] bool further_step_failed(const Verdict& verdict);

}  // namespace cudaenv::app
