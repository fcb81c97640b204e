// Taking things off the disk: references first, then trees, moved to tmp/ before they are deleted so that no reader
// sees half a tree. The caller holds store_lock and install_lock exclusively.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// A process that has files of a toolkit mapped.
struct User {
  int pid = 0;
  std::string program;  // its executable, or its name where that is not readable
};

/// Processes that map files below `tree`, by /proc/<pid>/maps; those of other users are seen only where the system
/// shows them. `proc` is "/proc" but in tests.
[[nodiscard]] std::vector<User> users_of(const std::string& tree, const std::string& proc = "/proc");

/// Something prune or uninstall removes or would remove.
struct Removal {
  enum class What : std::uint8_t { toolkit, component, leftover, download } what = What::toolkit;
  std::string path;
  std::string shown;            // "13.0.2", "component of no toolkit", ...
  std::uint64_t bytes = 0;      // disk space that comes free, as far as hard links let one tell
};

/// Removes the names of a toolkit, its tree, and the components that no other toolkit uses. Code::locked names the
/// first process that maps its files, unless `force`; Code::usage for a linked toolkit (`cudaenv unlink`).
[[nodiscard]] Result<std::vector<Removal>> uninstall(const Layout& layout, const Receipt& receipt, bool force,
                                                     const std::string& proc = "/proc");

struct PruneOptions {
  bool dry_run = false;
  bool downloads = false;       // also what `cache` holds
  std::string cache;            // World::paths.cache
  std::string proc = "/proc";
};

/// Toolkits without a name (unless a process uses them), components that no toolkit uses, everything in tmp/, and
/// cached downloads. Returns what was removed, or with dry_run what would be.
[[nodiscard]] Result<std::vector<Removal>> prune(const Layout& layout, const PruneOptions& options);

/// Removes everything in tmp/: what processes left that were killed. The caller holds both locks exclusively.
[[nodiscard]] Result<void> sweep_staging(const Layout& layout);

}  // namespace cudaenv::store
