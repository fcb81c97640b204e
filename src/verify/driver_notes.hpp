// What is odd about a machine: sentences with a way out, for `driver`, `health` and the evidence of a proof. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/driver.hpp"
#include "sys/world.hpp"
#include "verify/machine_facts.hpp"
#include "verify/visible_devices.hpp"

namespace cudaenv::verify {

/// CUDA_VISIBLE_DEVICES of `env` against the GPUs that NVML names.
[[nodiscard]] VisibleDevices visible_devices(const Environment& env, const NvmlFacts& nvml);

/// One sentence for each thing that explains why GPUs are missing or why NVML and driver disagree: closed device
/// nodes, MIG without an instance, CUDA_VISIBLE_DEVICES, an NVML of another version (error 18), WSL with a foreign
/// libcuda, GPUs of different kinds. `pci_gpus` of read_pci_gpus; empty where it was not asked.
[[nodiscard]] std::vector<std::string> driver_notes(const MachineFacts& machine, const DriverFacts& facts,
                                                    const VisibleDevices& visible, const std::vector<std::string>& pci_gpus);

}  // namespace cudaenv::verify
