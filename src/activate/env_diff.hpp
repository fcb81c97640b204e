// What a toolkit changes in an environment. Pure, but for the look whether nvcc is there, which the caller took.
#pragma once

#include <optional>
#include <string>

#include "model/config.hpp"
#include "model/env_diff.hpp"

namespace cudaenv::activate {

/// A toolkit as activation sees it. `path` is real and absolute.
struct Tree {
  std::string path;
  std::string lib;        // absolute folder of its libraries, empty when it has none
  bool has_nvcc = false;
};

/// PATH, CUDA_HOME, CUDA_PATH, CUDACXX (only with nvcc), CUDAToolkit_ROOT, and LD_LIBRARY_PATH by policy.
/// Never an empty or relative element, never lib/stubs.
[[nodiscard]] EnvDiff make_env_diff(const Tree& tree, LibraryPathPolicy policy);

}  // namespace cudaenv::activate
