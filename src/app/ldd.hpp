// `ldd`: which file each needed library of an object resolves to on this machine; no code of the object runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

struct LddLibrary {
  std::string soname;     // as it was asked for
  std::string path;       // empty where it was not found
  std::string needed_by;
  std::string rule;       // rpath ld_library_path runpath ld.so.cache default already-loaded path preload not-found
  std::string rule_detail;
  std::string loaded;     // needed, preload
  std::vector<std::string> shadows;
};

struct LddProblem {
  std::string kind;  // not-found wrong-class damaged missing-symbol-version
  std::string detail;
};

struct LddReport {
  std::string object;
  std::vector<LddLibrary> libraries;  // in the order in which the linker asks; a name twice where one asker finds it and another does not
  std::vector<LddProblem> problems;
};

struct LddRequest {
  std::string object;
  /// A toolkit's SPEC: its libraries first in LD_LIBRARY_PATH, as policy `always` would put them.
  std::optional<std::string> with;
  /// Instead of LD_LIBRARY_PATH and LD_PRELOAD of the environment, as the linker's own options of these names.
  std::optional<std::string> library_path, preload;
};

/// Code::io or Code::integrity where the object cannot be read; a missing library is a problem, not an error.
[[nodiscard]] Result<LddReport> ldd(const World& world, const LddRequest& request);

}  // namespace cudaenv::app
