// Reading what is installed. Takes no lock and writes nothing: safe on a read-only root.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "model/spec.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// A toolkit whose receipt or tree cannot be trusted; `list` shows it, `install` repairs it.
struct Damaged {
  std::string name;  // entry of names/ or id
  std::string path;
  std::string reason;
};

struct Installed {
  std::vector<Receipt> toolkits;  // newest version first, links after the managed ones of equal version
  std::vector<Damaged> damaged;
};

/// Every entry of names/. Cheap: one receipt per toolkit is read, trees are not walked.
[[nodiscard]] Result<Installed> read_installed(const Layout& layout);

/// The entry of names/ that `spec` chooses among `names`: the newest version that matches, or the name itself.
/// Same rule as the shim's (model/spec). `names` holds directory entries of names/.
[[nodiscard]] std::optional<std::string> choose_name(const VersionSpec& spec, const std::vector<std::string>& names);

/// The installed toolkit that `spec` chooses, if any; none where that one is damaged. Kind system looks at the tree at `system_root`.
[[nodiscard]] std::optional<Receipt> choose(const VersionSpec& spec, const Installed& installed,
                                            const std::string& system_root = "/usr/local/cuda");

/// A receipt made by looking at a tree that is not ours (`link`, `system`): version from version.json,
/// cuda.h / cuda_runtime_api.h or nvcc's name, components by the files that are there.
[[nodiscard]] Result<Receipt> inspect_tree(const std::string& path);

}  // namespace cudaenv::store
