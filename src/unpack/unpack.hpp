// Verified bytes -> a staged tree, past the path guard. A refusal refuses the whole archive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/staged_tree.hpp"
#include "sys/net.hpp"
#include "unpack/path_guard.hpp"

namespace cudaenv::unpack {

struct UnpackOptions {
  Limits limits;
  std::function<bool()> cancelled;  // asked between blocks; true ends with Code::interrupted
  std::function<bool(std::string_view path)> wanted;  // of an archive that is no wheel: members that are written at all
};

/// Extracts the .whl or .tar.{gz,xz,zst} `archive` into `folder`, which exists and is empty. Files get 0644
/// or, where the archive has any exec bit, 0755; folders 0755; no owner, time or attribute is taken over.
/// Symbolic links come last; hard links become hard links to files of the same archive. A wheel's central
/// directory, local headers, content and RECORD must all agree. On failure the folder is emptied again.
/// Errors: integrity (damaged, hostile; names member and rule), io, interrupted.
[[nodiscard]] Result<StagedTree> unpack(IoModule& io, const std::string& archive, const std::string& folder,
                                        const UnpackOptions& options = {});

}  // namespace cudaenv::unpack
