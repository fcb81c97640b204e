// The doing half of an install: a Plan becomes an installed toolkit.
#pragma once

#include "app/channels.hpp"
#include "app/install.hpp"
#include "base/result.hpp"

namespace cudaenv::app {

struct Materialized {
  Receipt receipt;
  bool already = false;            // another process, or an earlier install, had done it
  std::vector<std::string> notes;
};

/// Fetches, unpacks, stores, composes and publishes. Takes and holds the store's locks itself.
[[nodiscard]] Result<Materialized> materialize(World& world, Channels& channels, const Plan& plan, InstallObserver& observer);

/// Puts the shims of every tool that some toolkit has in place.
[[nodiscard]] Result<void> put_shims(const World& world);

}  // namespace cudaenv::app
