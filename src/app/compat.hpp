// Forward compatibility of an installed toolkit: its compat folder, tried where the driver alone is too old.
#pragma once

#include <string>

#include "app/prove.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::app {

/// The toolkit's compat folder with a libcuda.so.1 in it; empty where it has none.
[[nodiscard]] std::string compat_folder(const Receipt& toolkit);

/// `world` as activation would make it: that folder first in LD_LIBRARY_PATH, its libcuda named to the probe.
[[nodiscard]] World with_compat(const World& world, const std::string& folder);

/// One proof, and what decides whether another may end otherwise.
struct Attempt {
  Verdict verdict;
  DriverFacts driver;
  bool whole = false;  // the probe came to its end
};
/// Whether a proof with the compat folder is worth its time, and why not.
struct CompatChoice {
  std::string folder;
  bool try_it = false;
  std::string why;
};
/// After the proof without it. Names no folder where the toolkit has none; where one from a channel would help, the fix
/// of `plain`'s cause says so.
[[nodiscard]] Result<CompatChoice> choose_compat(const World& world, const Receipt& toolkit, Attempt& plain);

/// The better of both verdicts, with what became of the compat folder; `with` is null where it was not tried.
[[nodiscard]] Verdict settle_compat(const CompatChoice& choice, Verdict plain, Verdict* with);

}  // namespace cudaenv::app
