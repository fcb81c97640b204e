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
  std::string compat{};    // forward-compatibility folder that the proof needs, else empty
  std::string compat_note{};  // what became of the toolkit's compat folder; empty when it has none
};

/// PATH, CUDA_HOME, CUDA_PATH, CUDACXX (only with nvcc), CUDAToolkit_ROOT, and LD_LIBRARY_PATH by policy.
/// A compat folder comes first in LD_LIBRARY_PATH, unless the policy is `never`. Never an empty or relative element,
/// never lib/stubs.
[[nodiscard]] EnvDiff make_env_diff(const Tree& tree, LibraryPathPolicy policy);

}  // namespace cudaenv::activate
