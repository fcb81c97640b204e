// DriverFacts out of what the kernel says and what the probe saw, or out of what a person pretends. Pure.
#pragma once

#include "base/result.hpp"
#include "model/driver.hpp"
#include "sys/world.hpp"
#include "verify/machine_facts.hpp"
#include "verify/probe_run.hpp"

namespace cudaenv::verify {

[[nodiscard]] DriverFacts view_driver(const MachineFacts& machine, const ProbeReport& report);

/// The records of NVML alone.
[[nodiscard]] NvmlFacts view_nvml(const ProbeReport& report);

/// What stands in for this machine: the facts in the file that CUDAENV_FACTS names (below the working directory where
/// it is relative), or what CUDAENV_DRIVER ("12.4", a cuDriverGetVersion) and CUDAENV_GPU ("9.0,8.6") say; absent when
/// none is set. Code::config where one is malformed, where CUDAENV_GPU is alone (a GPU without a driver says nothing),
/// or where a file and a version are named at once.
[[nodiscard]] Result<std::optional<DriverFacts>> pretended_driver(const World& world);

/// "580.159.04" of ".../libcuda.so.580.159.04"; empty where the name carries none.
[[nodiscard]] std::string libcuda_file_version(std::string_view path);

}  // namespace cudaenv::verify
