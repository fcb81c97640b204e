// A linked wheel tree (site-packages/nvidia, site-packages/nvidia/cu13) lacks lib64 and the development links, and
// nothing of it may be changed: a view is a toolkit made of symbolic links to its files.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/version.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// How a foreign folder is laid out.
enum class TreeKind {
  toolkit,     // runfile, distribution, conda: used where it is
  merged,      // lib/ without lib64: site-packages/nvidia/cu13
  components,  // a folder of component folders: site-packages/nvidia
};
[[nodiscard]] TreeKind tree_kind(const std::string& path);

/// Builds the view of `path` in tmp/ and returns the staged folder. Code::usage where the folder holds the parts of
/// two toolkits.
[[nodiscard]] Result<std::string> stage_view(const Layout& layout, const std::string& path, TreeKind kind);

}  // namespace cudaenv::store
