// The CUDA release that the project's torch was built with, read as text: torch is never imported.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::project {

/// "12.8" from the text of torch/version.py (`cuda: Optional[str] = '12.8'`), or nothing. Pure.
[[nodiscard]] std::optional<std::string> torch_cuda(std::string_view version_py);

struct TorchFound {
  std::string file;                 // torch/version.py
  std::optional<std::string> cuda;  // nothing: a CPU build
};
/// The first torch below `prefixes` (virtual or conda environments), looked for in lib/python3.*/site-packages.
[[nodiscard]] Result<std::optional<TorchFound>> find_torch(const std::vector<std::string>& prefixes);

}  // namespace cudaenv::project
