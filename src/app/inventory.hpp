// What is on this disk and what the channels offer: the questions behind `list`, `link`, `uninstall`, `prune`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// A toolkit that cannot be trusted as it lies there, and why.
struct DamagedToolkit {
  std::string name, path, reason;
};

struct Inventory {
  std::vector<Receipt> toolkits;  // newest first
  std::vector<DamagedToolkit> damaged;
  std::string active_id;          // id of the toolkit selected here, empty if none
  std::string active_name;        // for linked toolkits, whose id may be empty
};
/// Reads receipts only: no lock, no network, no write.
[[nodiscard]] Result<Inventory> inventory(const World& world);

struct UnreachableChannel {
  std::string channel, reason;
};
struct Offers {
  std::vector<Release> releases;  // newest first, then channel order
  std::vector<UnreachableChannel> unreachable;
};
/// What the configured channels offer, from the network or the index cache (CUDAENV_OFFLINE=1).
[[nodiscard]] Result<Offers> offers(World& world, bool candidates);

/// What was freed by uninstall or would be by prune.
struct Freed {
  std::string what;  // "toolkit 12.8.1", "component nvidia-cuda-nvcc 13.0.88", "download …"
  std::string path;
  std::uint64_t bytes = 0;
};
/// Removes toolkits by spec or id. Refuses (Code::locked) while a process maps their files, unless `force`.
[[nodiscard]] Result<std::vector<Freed>> uninstall(World& world, const std::vector<std::string>& specs, bool force);
/// Removes what nothing refers to. With `dry_run` only says what that is.
[[nodiscard]] Result<std::vector<Freed>> prune(World& world, bool dry_run);
/// Removes downloads and index answers.
[[nodiscard]] Result<std::vector<Freed>> clean_cache(World& world);

/// Adopts the toolkit at `path` under `name` (empty: its version).
[[nodiscard]] Result<Receipt> link(World& world, const std::string& path, const std::string& name);
[[nodiscard]] Result<void> unlink(World& world, const std::string& name);

/// The licences that came with installed components: (component, path of the text).
struct LicenseText {
  std::string toolkit, component, path;
};
[[nodiscard]] Result<std::vector<LicenseText>> licenses(const World& world);

}  // namespace cudaenv::app
