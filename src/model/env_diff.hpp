// What activation changes in an environment: `env --json`, `use` and `run` all print or apply this.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cudaenv {

struct EnvDiff {
  std::vector<std::pair<std::string, std::string>> set;                    // CUDA_HOME, CUDA_PATH, CUDACXX, CUDAToolkit_ROOT
  std::vector<std::pair<std::string, std::vector<std::string>>> prepend;   // PATH, LD_LIBRARY_PATH; may be empty lists
  std::vector<std::string> unset;
  std::vector<std::string> notes;                                          // why LD_LIBRARY_PATH was left alone
};

}  // namespace cudaenv
