// What a merged tree still lacks to serve builds, whatever channel it came from: wheels cannot carry links.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/platform.hpp"
#include "model/version.hpp"

namespace cudaenv::store {

/// Adds to the staged tree, only where the channel brought none: `libX.so.N` links from SONAMEs, `libX.so`
/// development links, lib64 -> lib, nvvm/lib64 for programs that look for libnvvm there, version.json, link stubs.
/// The result depends on the tree's content alone, not on the channel or the order of its making.
[[nodiscard]] Result<void> complete_tree(const std::string& tree, const Version& version, Platform platform);

/// Pure: the development link for each library of one folder. `names` are its entries; a library whose
/// unversioned name is there already gets none; of several versions the highest wins. Pairs of (link, target).
[[nodiscard]] std::vector<std::pair<std::string, std::string>> development_links(const std::vector<std::string>& names);

}  // namespace cudaenv::store
