// What is missing on this disk. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/install.hpp"

namespace cudaenv {

/// `stored`: sha256 of every artifact that is in the store. `installed`: receipts; linked toolkits
/// never count. Files of unknown size come first among those to fetch, then the largest.
[[nodiscard]] Plan make_plan(Resolution resolution, const std::set<std::string>& stored,
                             const std::vector<Receipt>& installed);

}  // namespace cudaenv
