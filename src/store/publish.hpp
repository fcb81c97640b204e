// From verified, unpacked archives to an installed toolkit. Nothing is visible under store/, toolkits/ or
// names/ before the one rename that publishes it, so a kill at any point leaves only tmp/ to clear.
// The caller holds the locks that Layout names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "store/layout.hpp"
#include "store/root.hpp"
#include "sys/net.hpp"

namespace cudaenv::store {

/// Makes a fresh hash: `[&] { return io->sha256(); }`.
using HashFactory = std::function<std::unique_ptr<Sha256>()>;

/// A fresh staging folder under tmp/, on the file system of the store: unpack an archive into it.
[[nodiscard]] Result<std::string> stage(const Layout& layout, std::string_view what);

/// Is this artifact's component in the store, with every file of its listing? A damaged one counts as absent and is
/// replaced by the next commit.
[[nodiscard]] bool has_component(const Layout& layout, const Artifact& artifact);

/// Publishes the unpacked tree `staged` (from stage()) as store/<artifact.sha256> and returns that hash. Files
/// become 0444, programs and scripts 0555 (told by their content: wheels carry wrong modes). The staged folder is
/// gone afterwards, also where another process was faster. Not synced: compose() syncs once for all, and a component
/// that a power cut tore before that has files of other sizes than its listing says, so it counts as absent.
[[nodiscard]] Result<std::string> commit_component(const Layout& layout, const std::string& staged,
                                                   const Artifact& artifact);

/// The id of a toolkit made of these artifacts: the first 32 hex digits of a sha256 over the layout version, the
/// toolkit's version and the sorted sha256 of the artifacts.
[[nodiscard]] std::string toolkit_id(const Version& version, const std::vector<Artifact>& artifacts,
                                     const HashFactory& hash);

struct Composed {
  Receipt receipt;                 // names holds the version's name
  bool reused = false;             // the toolkit was there already, whole
  std::vector<std::string> notes;  // "the file system has no hard links: 1204 files were copied"
};

/// Builds the toolkit of `artifacts` (all committed) in the canonical layout, publishes it as toolkits/<id> and
/// points names/<version> to it. A damaged toolkit of the same id is replaced. Two components that bring different
/// files for one path are Code::integrity that names both; a name that belongs to a linked toolkit is Code::usage.
[[nodiscard]] Result<Composed> compose(const Layout& layout, const std::vector<Artifact>& artifacts,
                                       const Version& version, const std::string& channel, const HashFactory& hash);

}  // namespace cudaenv::store
