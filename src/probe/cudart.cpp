// The toolkit's own runtime library against this driver.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "probe/launch.hpp"
#include "probe/record.hpp"
#include "probe/symbol.hpp"
#include "probe/toolkit_files.hpp"

namespace cudaenv::probe {

namespace {

struct RuntimeApi {
  int (*version)(int*) = nullptr;
  int (*set_device)(int) = nullptr;
  int (*allocate)(void**, std::size_t) = nullptr;
  int (*copy)(void*, const void*, std::size_t, int kind) = nullptr;
  int (*release)(void*) = nullptr;
  const char* (*error_name)(int) = nullptr;
};

bool find_calls(void* library, RuntimeApi& api) {
  find_symbol(library, "cudaGetErrorName", api.error_name);
  return find_symbol(library, "cudaRuntimeGetVersion", api.version) && find_symbol(library, "cudaSetDevice", api.set_device) &&
         find_symbol(library, "cudaMalloc", api.allocate) && find_symbol(library, "cudaMemcpy", api.copy) &&
         find_symbol(library, "cudaFree", api.release);
}

// Copies a pattern to the device and back. The first failing call is named.
int round_trip(const RuntimeApi& api, int device, const char*& call) {
  std::uint32_t sent[1024], got[1024] = {};
  for (std::uint32_t i = 0; i < 1024; ++i) sent[i] = i * 2654435761U;
  void* memory = nullptr;
  constexpr int to_device = 1, to_host = 2;  // cudaMemcpyKind
  int error = api.set_device(device);
  if (call = "cudaSetDevice"; error != 0) return error;
  error = api.allocate(&memory, sizeof sent);
  if (call = "cudaMalloc"; error != 0) return error;
  error = api.copy(memory, sent, sizeof sent, to_device);
  if (error == 0) error = api.copy(got, memory, sizeof got, to_host);
  if (call = "cudaMemcpy"; error != 0) return error;
  error = api.release(memory);
  if (call = "cudaFree"; error != 0) return error;
  call = "";
  record("cudart.copied", std::memcmp(sent, got, sizeof sent) == 0 ? "same" : "different");
  return 0;
}

}  // namespace

void prove_cudart(const Options& options) {
  const Path path = find_library(options.toolkit, "libcudart.so");
  if (path.empty()) return;
  record_stage("cudart");
  record("cudart.path", path.text);
  const double start = now_ms();
  void* library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  RuntimeApi api;
  if (library == nullptr || !find_calls(library, api)) {
    const char* reason = dlerror();
    record("cudart.load_error", reason != nullptr ? reason : "a call of its API is missing");
    return;
  }
  int version = 0;
  api.version(&version);
  record_number("cudart.version", version);
  const char* call = "";
  const int error = round_trip(api, options.device, call);
  if (error != 0) {
    record("cudart.call", call);
    if (api.error_name != nullptr && api.error_name(error) != nullptr) record("cudart.error_name", api.error_name(error));
  }
  record_elapsed("ms.cudart", start);
  record_number("cudart.error", error);
}

}  // namespace cudaenv::probe
