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

/// What CUDAENV_DRIVER ("12.4", a cuDriverGetVersion) and CUDAENV_GPU ("9.0,8.6") say; absent when neither is
/// set. Code::config where one is malformed. CUDAENV_GPU alone is an error: a GPU without a driver says nothing.
[[nodiscard]] Result<std::optional<DriverFacts>> pretended_driver(const Environment& env);

/// "580.159.04" of ".../libcuda.so.580.159.04"; empty where the name carries none.
[[nodiscard]] std::string libcuda_file_version(std::string_view path);

}  // namespace cudaenv::verify
