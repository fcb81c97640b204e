// The verdict on a toolkit out of everything that was seen. Pure: no file, no clock, no process.
#pragma once

#include <optional>

#include "model/driver.hpp"
#include "model/version.hpp"
#include "verify/facts_tables.hpp"
#include "verify/libcuda_origin.hpp"
#include "verify/machine_facts.hpp"
#include "verify/probe_run.hpp"
#include "verify/visible_devices.hpp"

namespace cudaenv::verify {

struct Evidence {
  Version toolkit;
  MachineFacts machine;
  ProbeReport report;
  VisibleDevices visible;  // CUDA_VISIBLE_DEVICES against what NVML names
  std::optional<int> device;  // CUDA's index; absent: every one
  LibcudaOrigin origin;      // who put the libcuda there that was loaded
};

/// Steps facts, genuine, floor, arch, sass, ptx and, where the toolkit has it, cudart; what follows a failure
/// that makes it pointless is skipped, and says so.
[[nodiscard]] Verdict judge(const Tables& tables, const Evidence& evidence);

/// The same for a driver that a person pretends: floor and arch from the tables, nothing launched.
[[nodiscard]] Verdict judge_pretended(const Tables& tables, const Version& toolkit, const DriverFacts& pretended);

}  // namespace cudaenv::verify
