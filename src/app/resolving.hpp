// The deciding half of an install: from a spec and wishes to a Plan, asking channels only what is needed.
#pragma once

#include <string>
#include <vector>

#include "app/channels.hpp"
#include "app/install.hpp"
#include "resolve/resolve.hpp"

namespace cudaenv::app {

/// One toolkit that an install is about.
struct Goal {
  std::string spec;     // a version, range or `latest`: driver and torch are turned into these
  std::string asked;    // as the person wrote it, with who set it
  Wanted wanted;
};

/// What the request and the project ask for. Code::usage when nobody says a version.
[[nodiscard]] Result<std::vector<Goal>> read_goals(const World& world, const InstallRequest& request,
                                                   const CatalogData& data);

/// The plan for one goal. An installed toolkit of the same version keeps its components: an install adds.
[[nodiscard]] Result<Plan> make_install_plan(const World& world, Channels& channels, Goal goal,
                                             const InstallRequest& request);

}  // namespace cudaenv::app
