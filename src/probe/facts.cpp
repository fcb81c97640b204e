// Which libcuda loads, what it says, which devices it sees.
#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "probe/driver_api.hpp"
#include "probe/record.hpp"
#include "probe/symbol.hpp"

namespace cudaenv::probe {

namespace {

// Finds a call that no proof can do without; names the first one that is missing.
template <class F>
bool need(void* library, const char* name, F& function) {
  if (find_symbol(library, name, function)) return true;
  record("libcuda.missing_symbol", name);
  return false;
}

bool find_launch_calls(void* library, DriverApi& api) {
  return need(library, "cuDevicePrimaryCtxRetain", api.context_retain) &&
         need(library, "cuCtxSetCurrent", api.context_set) &&
         need(library, "cuCtxSynchronize", api.context_synchronize) &&
         need(library, "cuModuleLoadDataEx", api.module_load) &&
         need(library, "cuModuleGetFunction", api.module_function) &&
         need(library, "cuModuleUnload", api.module_unload) && need(library, "cuMemAlloc_v2", api.memory_alloc) &&
         need(library, "cuMemFree_v2", api.memory_free) && need(library, "cuMemsetD32_v2", api.memory_fill) &&
         need(library, "cuMemcpyDtoH_v2", api.memory_read) && need(library, "cuLaunchKernel", api.launch);
}

bool find_calls(void* library, DriverApi& api) {
  find_symbol(library, "cuGetErrorName", api.error_name);
  if (!find_symbol(library, "cuDeviceGetUuid_v2", api.device_uuid)) find_symbol(library, "cuDeviceGetUuid", api.device_uuid);
  find_symbol(library, "cuDeviceGetPCIBusId", api.device_bus);
  return need(library, "cuInit", api.init) && need(library, "cuDriverGetVersion", api.driver_version) &&
         need(library, "cuDeviceGetCount", api.device_count) && need(library, "cuDeviceGet", api.device_get) &&
         need(library, "cuDeviceGetName", api.device_name) && need(library, "cuDeviceTotalMem_v2", api.device_memory) &&
         need(library, "cuDeviceGetAttribute", api.device_attribute) && find_launch_calls(library, api);
}

void record_path_of(void* library) {
  Dl_info info{};
  void* symbol = dlsym(library, "cuInit");
  if (symbol == nullptr || dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return;
  char real[PATH_MAX];
  record("libcuda.found", info.dli_fname);  // as the linker found it: tells who named its folder
  record("libcuda.path", realpath(info.dli_fname, real) != nullptr ? real : info.dli_fname);
}

void record_uuid(const DriverApi& api, int index, CuDevice device, bool mig) {
  CuUuid uuid{};
  if (api.device_uuid == nullptr || api.device_uuid(&uuid, device) != 0) return;
  char text[48];
  int size = std::snprintf(text, sizeof text, "%s-", mig ? "MIG" : "GPU");
  for (int i = 0; i < 16; ++i) {
    const char* dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
    size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), "%s%02x", dash, uuid.bytes[i]);
  }
  record_at("device", index, "uuid", text);
}

// The driver names a MIG instance "NVIDIA A100-SXM4-40GB MIG 1g.5gb".
// True for such an instance.
bool record_device(const DriverApi& api, int index, CuDevice device, int cc) {
  char text[256] = {};
  api.device_name(text, sizeof text - 1, device);
  const bool mig = std::strstr(text, " MIG ") != nullptr;
  record_at("device", index, "name", text);
  record_at("device", index, "mig", mig ? "1" : "0");
  record_uuid(api, index, device, mig);
  if (api.device_bus != nullptr && api.device_bus(text, sizeof text - 1, device) == 0) record_at("device", index, "bus", text);
  std::size_t bytes = 0;
  if (api.device_memory(&bytes, device) == 0) {
    std::snprintf(text, sizeof text, "%zu", bytes);
    record_at("device", index, "memory", text);
  }
  std::snprintf(text, sizeof text, "%d.%d", cc / 10, cc % 10);
  record_at("device", index, "cc", text);
  return mig;
}

int capability(const DriverApi& api, CuDevice device) {
  int major = 0, minor = 0;
  if (api.device_attribute(&major, attribute_cc_major, device) != 0) return 0;
  return api.device_attribute(&minor, attribute_cc_minor, device) == 0 ? major * 10 + minor : 0;
}

bool initialise(const DriverApi& api) {
  int version = 0;
  api.driver_version(&version);
  record_number("cuda.version", version);
  record_stage("cuInit");
  const double start = now_ms();
  const CuResult result = api.init(0);
  record_elapsed("ms.cuinit", start);
  if (result != 0) record("cuda.init_name", error_name(api, result));
  record_number("cuda.init", result);
  return result == 0;
}

}  // namespace

const char* error_name(const DriverApi& api, CuResult error) {
  const char* name = nullptr;
  return api.error_name != nullptr && api.error_name(error, &name) == 0 && name != nullptr ? name : "";
}

bool load_driver(const char* path, DriverApi& api) {
  if (path != nullptr) record("libcuda.wanted", path);
  record_stage("load-libcuda");
  const double start = now_ms();
  void* library = dlopen(path != nullptr ? path : "libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    record("libcuda.error", reason != nullptr ? reason : "dlopen failed");
    // The linker passes a file for another processor over as if it were not there.
    if (path != nullptr && access(path, R_OK) == 0) record("libcuda.present", "1");
    return false;
  }
  record_elapsed("ms.load_libcuda", start);
  record_path_of(library);
  record_stage("find-symbols");
  return find_calls(library, api);
}

bool record_facts(const DriverApi& api, int wanted, DeviceList& devices) {
  if (!initialise(api)) return false;
  record_stage("devices");
  int count = 0;
  const CuResult result = api.device_count(&count);
  record_number("device.error", result);
  record_number("device.count", count);
  for (int i = 0; result == 0 && i < count && i < max_devices; ++i) {
    CuDevice handle = 0;
    if (api.device_get(&handle, i) != 0) continue;
    const int cc = capability(api, handle);
    devices.mig = record_device(api, i, handle, cc) || devices.mig;
    if (cc != 0 && (wanted == every_device || wanted == i)) devices.at[devices.count++] = {i, handle, cc};
  }
  return devices.count > 0;
}

}  // namespace cudaenv::probe
