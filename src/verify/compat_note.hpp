// The ELF note .note.cuda.fwd_compatibility of a libcuda: the driver branches that it may stand in for. Its text is
// JSON, {"format":1,"CUDA version":"12.9","driver":[535,…],"device":[1,2,…]}; a Jetson's has no lists.
// source: test data and reader of NVIDIA/nvidia-container-toolkit, cmd/nvidia-cdi-hook/cudacompat
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::verify {

struct CompatNote {
  int cuda = 0;              // 12090; 0: it does not say
  std::vector<int> drivers;  // branches of kernel modules, {535, 550}; empty: it does not say
};

/// `size` bytes from `offset` on; fewer where the file ends.
using ReadAt = std::function<Result<std::string>(std::uint64_t offset, std::size_t size)>;

/// The note of the ELF64 little-endian file behind `read`; absent where there is none, or where it or the file is
/// malformed. Reads at most some 100 KiB, whatever the file says of itself. An error is one of `read`.
[[nodiscard]] Result<std::optional<CompatNote>> find_compat_note(const ReadAt& read);

/// The same of a file on the disk.
[[nodiscard]] Result<std::optional<CompatNote>> read_compat_note(const std::string& path);

}  // namespace cudaenv::verify
