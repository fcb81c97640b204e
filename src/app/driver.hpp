// The driver here, or the one that stands in for it, and what toolkits may do under it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/driver.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// The driver and the GPUs as the probe sees them now, or as CUDAENV_FACTS, CUDAENV_DRIVER and CUDAENV_GPU pretend.
/// No driver is not an error: libcuda.kind is then `missing`. One that hangs or crashes is: Code::driver.
[[nodiscard]] Result<DriverFacts> driver_facts(const World& world, std::chrono::milliseconds timeout);

/// The same, out of the cache while boot, module, GPUs, device nodes, libcuda and the variables that matter are what
/// they were: for specs and requirements, which are asked at every prompt. Only drivers that start are kept.
[[nodiscard]] Result<DriverFacts> kept_driver_facts(const World& world);

/// From here on `path` (of `driver --json` on another machine) stands in for this one: what --facts does.
void pretend_facts(World& world, const std::string& path);

/// Versions of toolkits that are `full` under `facts`, as a spec: ">=11.8,<13.1". Code::driver where there are none,
/// with the reason.
[[nodiscard]] Result<std::string> spec_for_driver(const World& world, const DriverFacts& facts);

/// May work go to a GPU here? For scripts: the verdict on `toolkit` where one is selected (proven or degraded is
/// yes), else whether the driver starts and sees a GPU. `reason` says why not.
struct Health {
  bool cuda = false;
  std::string reason;
  bool cached = false;
  bool pretended = false;
};
[[nodiscard]] Result<Health> check_health(const World& world, const std::optional<Receipt>& toolkit = {});

/// What each toolkit may do here, newest first.
struct ToolkitMay {
  Version version;
  bool installed = false;
  Reach reach;
  bool newest_full = false;  // of its major version
};
/// What installed toolkits that the tables do not know say of themselves, by CUDA number (13050).
struct OwnWord {
  std::vector<int> archs;
  std::string asked;  // "ptxas"
};
using OwnWords = std::map<int, OwnWord>;
/// Starts their ptxas or nvcc: about 10 ms each, nothing where the tables know them all.
[[nodiscard]] Result<OwnWords> ask_unknown_toolkits(const World& world, const std::vector<Receipt>& installed);

/// `available` holds releases that are not installed.
[[nodiscard]] Result<std::vector<ToolkitMay>> judge_toolkits(const World& world, const DriverFacts& facts,
                                                             const std::vector<Receipt>& installed,
                                                             const std::vector<Version>& available,
                                                             const OwnWords& unknown = {});

}  // namespace cudaenv::app
