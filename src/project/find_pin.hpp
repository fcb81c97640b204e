// The nearest `.cudaenv`: DESIGN section 4. The shim walks by the same rules.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/selection.hpp"

namespace cudaenv::project {

struct FoundPin {
  std::shared_ptr<const PinFile> pin;  // null: there is none
  std::vector<std::string> ignored;    // "`/x/.cudaenv` is ignored: it belongs to user 1001"
};

/// Walks up from `folder` (absolute), `home` and the last folder of the file system included. A file
/// of another owner than `user` or root is passed over with a sentence. Anything but a regular file of
/// at most 64 KiB, and whatever parse_pin refuses, is Code::config with `file:line:column`.
[[nodiscard]] Result<FoundPin> find_pin(const std::string& folder, const std::string& home, std::uint32_t user);

/// The same file, read and parsed, from a known place.
[[nodiscard]] Result<std::shared_ptr<const PinFile>> read_pin(const std::string& path);

}  // namespace cudaenv::project
