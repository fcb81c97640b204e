// shims/: one versionless link per tool name, all to the one shim program. Put in place by rename and never rewritten
// when a version comes or goes, so nothing is ever "rehashed".
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

struct ShimChange {
  std::vector<std::string> added;  // tool names that are new in shims/, sorted
  std::vector<std::string> kept;
};

/// Makes shims/<tool> for each of `tools` (names without a slash) that some toolkit under names/ has in bin/ or
/// nvvm/bin. Copies `shim_program` to libexec/cudaenv-shim where it differs, and points libexec/cudaenv to
/// `manager_program`. A shim that exists stays, also when no toolkit has its tool any more: its error then says so.
[[nodiscard]] Result<ShimChange> refresh_shims(const Layout& layout, const std::vector<std::string>& tools,
                                               const std::string& shim_program, const std::string& manager_program);

}  // namespace cudaenv::store
