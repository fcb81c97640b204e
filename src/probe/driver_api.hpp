// The few calls of the CUDA Driver API, NVRTC, the runtime and NVML that a proof needs, declared here by
// their documented signatures and found by dlsym: the probe is built without any CUDA header.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cudaenv::probe {

using CuResult = int;     // 0 is success
using CuDevice = int;
using CuPointer = std::uint64_t;  // CUdeviceptr on every 64-bit platform
struct CuUuid {
  unsigned char bytes[16];
};

// Numbers of CUdevice_attribute and CUjit_option, as the Driver API documents them.
inline constexpr int attribute_cc_major = 75;
inline constexpr int attribute_cc_minor = 76;
inline constexpr int jit_error_log_buffer = 5;
inline constexpr int jit_error_log_bytes = 6;

struct DriverApi {
  CuResult (*init)(unsigned flags) = nullptr;
  CuResult (*driver_version)(int* version) = nullptr;
  CuResult (*error_name)(CuResult error, const char** name) = nullptr;  // may be absent
  CuResult (*device_count)(int* count) = nullptr;
  CuResult (*device_get)(CuDevice* device, int ordinal) = nullptr;
  CuResult (*device_name)(char* name, int size, CuDevice device) = nullptr;
  CuResult (*device_uuid)(CuUuid* uuid, CuDevice device) = nullptr;  // may be absent
  CuResult (*device_memory)(std::size_t* bytes, CuDevice device) = nullptr;
  CuResult (*device_bus)(char* bus_id, int size, CuDevice device) = nullptr;  // may be absent
  CuResult (*device_attribute)(int* value, int attribute, CuDevice device) = nullptr;
  CuResult (*context_retain)(void** context, CuDevice device) = nullptr;
  CuResult (*context_set)(void* context) = nullptr;
  CuResult (*context_synchronize)() = nullptr;
  CuResult (*module_load)(void** module, const void* image, unsigned options, int* keys, void** values) = nullptr;
  CuResult (*module_function)(void** function, void* module, const char* name) = nullptr;
  CuResult (*module_unload)(void* module) = nullptr;
  CuResult (*memory_alloc)(CuPointer* pointer, std::size_t bytes) = nullptr;
  CuResult (*memory_free)(CuPointer pointer) = nullptr;
  CuResult (*memory_fill)(CuPointer pointer, unsigned value, std::size_t words) = nullptr;
  CuResult (*memory_read)(void* target, CuPointer source, std::size_t bytes) = nullptr;
  CuResult (*launch)(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                     unsigned shared_bytes, void* stream, void** parameters, void** extra) = nullptr;
};

/// Loads `path` (or "libcuda.so.1" by the dynamic linker's own search) and fills `api`. Writes the records
/// libcuda.path, or libcuda.error / libcuda.missing_symbol. False where the API cannot be used.
[[nodiscard]] bool load_driver(const char* path, DriverApi& api);

inline constexpr int max_devices = 64;
inline constexpr int every_device = -1;
struct Device {
  int index = 0;  // CUDA's
  CuDevice handle = 0;
  int cc = 0;  // 90 for compute capability 9.0
};
/// The devices to prove.
struct DeviceList {
  Device at[max_devices];
  int count = 0;
  bool mig = false;  // one of them at least is a MIG instance
};

/// cuInit, version, every device; writes the records. `devices` gets those to prove: the one `wanted` or
/// every_device. False where there is none.
[[nodiscard]] bool record_facts(const DriverApi& api, int wanted, DeviceList& devices);

/// "CUDA_ERROR_NO_DEVICE", or "" where the driver does not know the number.
[[nodiscard]] const char* error_name(const DriverApi& api, CuResult error);

}  // namespace cudaenv::probe
