// Proofs: joins the installed toolkit, the machine's facts, the tables and the probe into a Verdict.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

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

/// The driver and the GPUs as the probe sees them now, or as CUDAENV_DRIVER and CUDAENV_GPU pretend.
/// No driver is not an error: libcuda.kind is then `missing`. One that hangs or crashes is: Code::driver.
[[nodiscard]] Result<DriverFacts> driver_facts(const World& world, std::chrono::milliseconds timeout);

/// The CUDA version (13000) that limits `driver` specs: pretended, or of the libcuda that loads; 0 without one.
[[nodiscard]] Result<int> driver_cuda(const World& world);

/// May work go to a GPU here? For scripts: the verdict on `toolkit` where one is selected (proven or degraded is
/// yes), else whether the driver starts and sees a GPU. `reason` says why not.
struct Health {
  bool cuda = false;
  std::string reason;
  bool cached = false;
  bool pretended = false;
};
[[nodiscard]] Result<Health> check_health(const World& world, const std::optional<Receipt>& toolkit = {});

/// What each toolkit may do here. `available` holds releases that are not installed.
struct ToolkitMay {
  Version version;
  bool installed = false;
  Reach reach;
};
[[nodiscard]] Result<std::vector<ToolkitMay>> judge_toolkits(const World& world, const DriverFacts& facts,
                                                             const std::vector<Version>& installed,
                                                             const std::vector<Version>& available);

}  // namespace cudaenv::app
