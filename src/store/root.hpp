// The root folder itself: made once, and refused where this cudaenv cannot use it safely.
#pragma once

#include "base/result.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// Creates the folders of a root and its layout-version. Refuses a newer layout, a root that is not a folder, and
/// a root of another owner or that others may write to. A read-only root is Code::io that says so.
[[nodiscard]] Result<void> open_root(const Layout& layout);

/// Reads layout-version only: Code::config for a root that a newer cudaenv made; a missing root is fine.
[[nodiscard]] Result<void> check_layout_version(const Layout& layout);

}  // namespace cudaenv::store
