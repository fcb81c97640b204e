// names/: what a person may ask for. Entries appear, change and go by rename; a reader never sees half of one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// The entries of names/, sorted, without the leftovers of an interrupted rename.
[[nodiscard]] Result<std::vector<std::string>> list_names(const Layout& layout);

/// Adopts the toolkit at `path` under `name`; without one, under its version. `path` may be an installed toolkit
/// (/usr/local/cuda-12.4), a merged wheel tree (site-packages/nvidia/cu13), a folder of per-component wheel trees
/// (site-packages/nvidia: a view of symbolic links is made) or a conda prefix. Nothing below it is changed.
/// Code::usage where the name is not one that a spec may be or is taken, Code::not_installed where no toolkit is there.
[[nodiscard]] Result<Receipt> link_toolkit(const Layout& layout, const std::string& path,
                                           const std::optional<std::string>& name);

/// Forgets a linked toolkit. Code::not_installed for an unknown name, Code::usage for one that cudaenv installed.
[[nodiscard]] Result<void> unlink_name(const Layout& layout, const std::string& name);

}  // namespace cudaenv::store
