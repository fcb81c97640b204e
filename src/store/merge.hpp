// Component trees of the store merged into one canonical tree: first as a plan of values, then on the disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// One entry of the merged tree: a file of the store, or a link.
struct MergeEntry {
  std::size_t artifact = 0;  // index of the component it comes from
  std::string source;        // absolute path in the store; empty for a link
  std::uint32_t mode = 0;
  std::uint64_t size = 0, device = 0, inode = 0;
  std::string target;        // of a link
};
using MergePlan = std::map<std::string, MergeEntry, std::less<>>;  // by canonical path

/// Maps every member of every component. The same file brought twice is fine; two different ones for one path, or a
/// file where another component has a folder, are Code::integrity naming both packages. Links out of the tree likewise;
/// links to nothing are left out. Licence texts that differ get a number instead.
[[nodiscard]] Result<MergePlan> plan_merge(const Layout& layout, const std::vector<Artifact>& artifacts);

/// Builds the plan below the empty folder `tree` of hard links; returns how many files had to be copied because the
/// file system gives no hard link.
[[nodiscard]] Result<std::uint64_t> merge(const MergePlan& plan, const std::string& tree);

/// The largest file of each artifact in the plan, "" where it has none: what a receipt names as witness.
[[nodiscard]] std::vector<std::string> witnesses(const MergePlan& plan, std::size_t artifacts);

}  // namespace cudaenv::store
