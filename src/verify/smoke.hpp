// After an install: does what was installed compile and link? Real programs with the real tools, in a temporary
// folder, each with a deadline. No GPU and no driver is needed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/driver.hpp"
#include "model/install.hpp"

namespace cudaenv::verify {

struct SmokeOptions {
  std::map<std::string, std::string, std::less<>> environment;  // World::env
  std::string tmp;      // folder for scratch files, e.g. Layout::tmp()
  unsigned cores = 2;   // checks run at most min(cores, 2) at a time
};

/// The checks that make sense for the components of `receipt`: nvcc-shared, nvcc-static, driver-api, nvrtc, and
/// libraries for a toolkit without nvcc. A check that cannot run here is `skip` with a reason and the command that
/// helps ("no g++ found: apt-get install g++"). An error only where no scratch folder can be made.
[[nodiscard]] Result<std::vector<Step>> smoke_test(const Receipt& receipt, const SmokeOptions& options);

}  // namespace cudaenv::verify
