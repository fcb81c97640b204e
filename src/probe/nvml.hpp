// NVML: GPUs that CUDA may not see, the driver's version, MIG. It opens no context and needs no cuInit.
#pragma once

namespace cudaenv::probe {

/// Writes nvml.init (nvmlReturn_t; 18: of another driver version than the module), nvml.version, nvml.count and, for
/// each GPU, nvml.<i>.{uuid,name,bus,cc,memory,mig} and nvml.<i>.mig.<k>.{uuid,gi,ci}; nvml.load_error without a
/// library. `libcuda`: an NVML beside it is the one that belongs to it; else the linker's own search.
void record_nvml(const char* libcuda);

/// The same in a thread of its own, so that it costs nothing while the driver initialises.
void start_nvml(const char* libcuda);
/// Waits for that thread; after `limit_ms` it is left behind, and nvml.late says so.
void finish_nvml(int limit_ms);

}  // namespace cudaenv::probe
