#include "probe/nvml.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "probe/record.hpp"
#include "probe/symbol.hpp"

namespace cudaenv::probe {

namespace {

using Handle = void*;

// Layouts as nvml.h documents them: nvmlPciInfo_t and nvmlMemory_t.
struct PciInfo {
  char legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
struct Memory {
  unsigned long long total, free, used;
};

struct NvmlApi {
  int (*init)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*handle)(unsigned, Handle*) = nullptr;
  // Older or cut-down libraries lack some of these.
  const char* (*error_text)(int) = nullptr;
  int (*version)(char*, unsigned) = nullptr;
  int (*uuid)(Handle, char*, unsigned) = nullptr;
  int (*name)(Handle, char*, unsigned) = nullptr;
  int (*pci)(Handle, PciInfo*) = nullptr;
  int (*capability)(Handle, int*, int*) = nullptr;
  int (*memory)(Handle, Memory*) = nullptr;
  int (*mig_mode)(Handle, unsigned*, unsigned*) = nullptr;
  int (*mig_count)(Handle, unsigned*) = nullptr;
  int (*mig_handle)(Handle, unsigned, Handle*) = nullptr;
  int (*gpu_instance)(Handle, unsigned*) = nullptr;
  int (*compute_instance)(Handle, unsigned*) = nullptr;
};

bool find_calls(void* library, NvmlApi& api) {
  find_symbol(library, "nvmlErrorString", api.error_text);
  find_symbol(library, "nvmlSystemGetDriverVersion", api.version);
  find_symbol(library, "nvmlDeviceGetUUID", api.uuid);
  find_symbol(library, "nvmlDeviceGetName", api.name);
  find_symbol(library, "nvmlDeviceGetPciInfo_v3", api.pci);
  find_symbol(library, "nvmlDeviceGetCudaComputeCapability", api.capability);
  find_symbol(library, "nvmlDeviceGetMemoryInfo", api.memory);
  find_symbol(library, "nvmlDeviceGetMigMode", api.mig_mode);
  find_symbol(library, "nvmlDeviceGetMaxMigDeviceCount", api.mig_count);
  find_symbol(library, "nvmlDeviceGetMigDeviceHandleByIndex", api.mig_handle);
  find_symbol(library, "nvmlDeviceGetGpuInstanceId", api.gpu_instance);
  find_symbol(library, "nvmlDeviceGetComputeInstanceId", api.compute_instance);
  return find_symbol(library, "nvmlInit_v2", api.init) && find_symbol(library, "nvmlDeviceGetCount_v2", api.count) &&
         find_symbol(library, "nvmlDeviceGetHandleByIndex_v2", api.handle);
}

// A driver's NVML lies beside its libcuda; forward-compatibility folders have none.
void* load_nvml(const char* libcuda) {
  constexpr const char* name = "libnvidia-ml.so.1";
  const char* slash = libcuda != nullptr ? std::strrchr(libcuda, '/') : nullptr;
  if (slash != nullptr) {
    char beside[4096];
    const int size = std::snprintf(beside, sizeof beside, "%.*s%s", static_cast<int>(slash + 1 - libcuda), libcuda, name);
    if (size > 0 && static_cast<unsigned>(size) < sizeof beside && access(beside, R_OK) == 0)
      return dlopen(beside, RTLD_NOW | RTLD_LOCAL);
  }
  return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void record_text(int (*ask)(Handle, char*, unsigned), Handle handle, int index, const char* field) {
  char text[128] = {};
  if (ask != nullptr && ask(handle, text, sizeof text - 1) == 0) record_at("nvml", index, field, text);
}

void record_unsigned(int (*ask)(Handle, unsigned*), Handle handle, int index, const char* field) {
  unsigned value = 0;
  char text[16];
  if (ask == nullptr || ask(handle, &value) != 0) return;
  std::snprintf(text, sizeof text, "%u", value);
  record_at("nvml", index, field, text);
}

// The slots of a GPU in MIG mode need not be filled in order.
void record_instances(const NvmlApi& api, Handle gpu, int index) {
  unsigned slots = 0;
  if (api.mig_count == nullptr || api.mig_handle == nullptr || api.mig_count(gpu, &slots) != 0) return;
  for (unsigned slot = 0, found = 0; slot < slots && slot < 16; ++slot) {
    Handle instance = nullptr;
    if (api.mig_handle(gpu, slot, &instance) != 0) continue;
    char field[32];
    const auto named = [&](const char* last) {
      std::snprintf(field, sizeof field, "mig.%u.%s", found, last);
      return static_cast<const char*>(field);
    };
    record_text(api.uuid, instance, index, named("uuid"));
    record_unsigned(api.gpu_instance, instance, index, named("gi"));
    record_unsigned(api.compute_instance, instance, index, named("ci"));
    ++found;
  }
}

void record_gpu(const NvmlApi& api, int index) {
  Handle gpu = nullptr;
  char text[48];
  if (const int error = api.handle(static_cast<unsigned>(index), &gpu); error != 0) {
    std::snprintf(text, sizeof text, "%d", error);
    return record_at("nvml", index, "error", text);
  }
  record_text(api.uuid, gpu, index, "uuid");
  record_text(api.name, gpu, index, "name");
  PciInfo pci{};
  if (api.pci != nullptr && api.pci(gpu, &pci) == 0) {
    pci.bus_id[sizeof pci.bus_id - 1] = '\0';
    record_at("nvml", index, "bus", pci.bus_id);
  }
  int major = 0, minor = 0;
  if (api.capability != nullptr && api.capability(gpu, &major, &minor) == 0) {
    std::snprintf(text, sizeof text, "%d.%d", major, minor);
    record_at("nvml", index, "cc", text);
  }
  Memory memory{};
  if (api.memory != nullptr && api.memory(gpu, &memory) == 0) {
    std::snprintf(text, sizeof text, "%llu", memory.total);
    record_at("nvml", index, "memory", text);
  }
  unsigned current = 0, pending = 0;
  if (api.mig_mode == nullptr || api.mig_mode(gpu, &current, &pending) != 0) return;
  record_at("nvml", index, "mig", current != 0 ? "1" : "0");
  if (current != 0) record_instances(api, gpu, index);
}

struct Worker {
  const char* libcuda = nullptr;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
  bool started = false, done = false;
};
Worker worker;  // outlives main's frame: the thread may be left behind

void* work(void*) {
  record_nvml(worker.libcuda);
  pthread_mutex_lock(&worker.lock);
  worker.done = true;
  pthread_cond_signal(&worker.ended);
  pthread_mutex_unlock(&worker.lock);
  return nullptr;
}

}  // namespace

void record_nvml(const char* libcuda) {
  const double start = now_ms();
  void* library = load_nvml(libcuda);
  NvmlApi api;
  if (library == nullptr || !find_calls(library, api)) {
    const char* reason = dlerror();
    return record("nvml.load_error", reason != nullptr ? reason : "a call of its API is missing");
  }
  const int result = api.init();
  if (result != 0 && api.error_text != nullptr) record("nvml.error_text", api.error_text(result));
  char version[96] = {};
  if (api.version != nullptr && api.version(version, sizeof version - 1) == 0) record("nvml.version", version);
  unsigned count = 0;
  if (result == 0 && api.count(&count) == 0) {
    record_number("nvml.count", count);
    for (unsigned i = 0; i < count && i < 64; ++i) record_gpu(api, static_cast<int>(i));
  }
  record_elapsed("ms.nvml", start);
  record_number("nvml.init", result);
}

void start_nvml(const char* libcuda) {
  worker.libcuda = libcuda;
  pthread_t thread{};
  worker.started = pthread_create(&thread, nullptr, work, nullptr) == 0;
  if (worker.started) pthread_detach(thread);
}

void finish_nvml(int limit_ms) {
  if (!worker.started) return;
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += limit_ms / 1000;
  until.tv_nsec += static_cast<long>(limit_ms % 1000) * 1'000'000;
  if (until.tv_nsec >= 1'000'000'000) ++until.tv_sec, until.tv_nsec -= 1'000'000'000;
  pthread_mutex_lock(&worker.lock);
  int error = 0;
  while (!worker.done && error == 0) error = pthread_cond_timedwait(&worker.ended, &worker.lock, &until);
  const bool done = worker.done;
  pthread_mutex_unlock(&worker.lock);
  if (!done) record("nvml.late", "1");
}

}  // namespace cudaenv::probe
