// The two moves by which trees come and go (inside the store only).
#pragma once

#include <string>

#include "base/result.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// Renames the staged tree to `target`, read-only, and syncs the parent. False: the target exists already.
[[nodiscard]] Result<bool> publish_tree(const std::string& staged, const std::string& target);

/// Moves a published tree to tmp/ and deletes it there, so that no reader sees half of it. A missing one is fine.
[[nodiscard]] Result<void> discard(const Layout& layout, const std::string& tree);

}  // namespace cudaenv::store
