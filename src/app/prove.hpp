// Proofs: joins the installed toolkit, the machine's facts, the tables and the probe into a Verdict.
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "model/driver.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

struct ProveOptions {
  bool refresh = false;                        // ignore the cached verdict
  std::optional<int> device;                   // CUDA's index; absent: every visible GPU
  std::chrono::milliseconds timeout{10'000};   // of the probe; a hung driver costs at most 1 s more
  bool gemm = false;                           // every step: also the libraries; nothing comes from the cache
  std::chrono::milliseconds gemm_timeout{60'000};  // of all libraries: hundreds of MB may come from a cold disk
};

/// The verdict on an installed toolkit: the cached one where it still holds, else a proof by launch
/// (about a quarter of a second). A refusal is a Verdict, not an Error; an Error means that no verdict could
/// be reached (no probe program, manifests unreadable).
[[nodiscard]] Result<Verdict> prove(const World& world, const Receipt& toolkit, const ProveOptions& options = {});

/// The same with the default options: for `use` and `install`. At most 2 ms when cached.
[[nodiscard]] inline Result<Verdict> ensure_verdict(const World& world, const Receipt& toolkit) {
  return prove(world, toolkit);
}

}  // namespace cudaenv::app
