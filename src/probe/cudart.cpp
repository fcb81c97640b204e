// The toolkit's own runtime library against this driver.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>

#include "probe/kernel_text.hpp"
#include "probe/record.hpp"
#include "probe/runtime.hpp"
#include "probe/symbol.hpp"
#include "probe/toolkit_files.hpp"

namespace cudaenv::probe {

namespace {

constexpr int to_device = 1, to_host = 2;                // cudaMemcpyKind
constexpr int needs_newer_driver = 36, not_supported = 801;  // cudaError_t: this driver cannot launch that way
constexpr std::size_t bytes = kernel_threads * sizeof(std::uint32_t);

bool find_calls(void* library, RuntimeApi& api) {
  find_symbol(library, "cudaGetErrorName", api.error_name);
  find_symbol(library, "cudaLaunchKernel", api.launch);
  find_symbol(library, "cudaDeviceSynchronize", api.synchronize);
  find_symbol(library, "cudaLibraryLoadData", api.library_load);
  find_symbol(library, "cudaLibraryGetKernel", api.library_kernel);
  find_symbol(library, "cudaLibraryUnload", api.library_unload);
  return find_symbol(library, "cudaRuntimeGetVersion", api.version) && find_symbol(library, "cudaSetDevice", api.set_device) &&
         find_symbol(library, "cudaMalloc", api.allocate) && find_symbol(library, "cudaMemcpy", api.copy) &&
         find_symbol(library, "cudaFree", api.release);
}

// Releases before 12.8 launch only what nvcc's own start-up code registered. (A CUkernel of the driver is of no use to
// them: cudaLaunchKernel of 12.4 answers 98 for it.)
bool can_launch(const RuntimeApi& api) {
  return api.launch != nullptr && api.synchronize != nullptr && api.library_load != nullptr && api.library_kernel != nullptr &&
         api.library_unload != nullptr;
}

}  // namespace

void Runtime::load(const char* toolkit) {
  const Path path = find_library(toolkit, "libcudart.so");
  if (path.empty()) return;
  record("cudart.path", path.text);
  void* library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  usable_ = library != nullptr && find_calls(library, api_);
  if (!usable_) {
    const char* reason = dlerror();
    record("cudart.load_error", reason != nullptr ? reason : "a call of its API is missing");
  }
}

// Copies a pattern to the device and back. The first failing call is named.
int Runtime::round_trip(int device, void* memory, const char*& call) const {
  std::uint32_t sent[kernel_threads], got[kernel_threads] = {};
  for (std::uint32_t i = 0; i < kernel_threads; ++i) sent[i] = i * 2654435761U + static_cast<std::uint32_t>(device);
  int error = api_.copy(memory, sent, bytes, to_device);
  if (error == 0) error = api_.copy(got, memory, bytes, to_host);
  if (call = "cudaMemcpy"; error != 0) return error;
  record_at("gpu", device, "cudart.copied", std::memcmp(sent, got, bytes) == 0 ? "same" : "different");
  return 0;
}

// False where this release or driver has no way; else `error` is what came of it.
bool Runtime::launch(int device, const Image& image, Salt salt, void* memory, int& error, const char*& call) const {
  void *library = nullptr, *kernel = nullptr;
  std::uint32_t values[kernel_threads] = {};
  void* parameters[] = {&memory, &salt.seed};
  call = "cudaLibraryLoadData";
  error = api_.library_load(&library, image.bytes, nullptr, nullptr, 0, nullptr, nullptr, 0);
  if (error == 0) {
    call = "cudaLibraryGetKernel";
    error = api_.library_kernel(&kernel, library, kernel_name);
  }
  if (error == 0) {
    call = "cudaLaunchKernel";
    error = api_.launch(kernel, {kernel_threads / kernel_block, 1, 1}, {kernel_block, 1, 1}, parameters, 0, nullptr);
  }
  const bool possible = error != needs_newer_driver && error != not_supported;
  if (error == 0) {
    call = "cudaDeviceSynchronize";
    error = api_.synchronize();
  }
  if (error == 0) {
    call = "cudaMemcpy";
    error = api_.copy(values, memory, bytes, to_host);
  }
  if (library != nullptr) api_.library_unload(library);
  if (error == 0) {
    record_number_at("gpu", device, "cudart.wrong", count_wrong(values, salt));
    record_number_at("gpu", device, "cudart.checked", kernel_threads);
  } else if (!possible) {
    error = 0;
  }
  return possible;
}

void Runtime::prove(const Options& options, int device, const Image* image) const {
  if (!usable_) return;
  record_at("gpu", device, "stage", "cudart");
  const double start = now_ms();
  int version = 0;
  if (api_.version(&version) == 0) record_number("cudart.version", version);
  void* memory = nullptr;
  const char* call = "cudaSetDevice";
  int error = api_.set_device(device);
  if (error == 0) {
    call = "cudaMalloc";
    error = api_.allocate(&memory, bytes);
  }
  if (error == 0) error = round_trip(device, memory, call);
  Salt salt = salt_of(options.nonce);
  salt.seed ^= 0x3C3C3C3CU;  // values of one step must not pass for another's
  const bool possible = image != nullptr && can_launch(api_);
  if (error == 0 && !(possible && launch(device, *image, salt, memory, error, call)))
    record_at("gpu", device, "cudart.launch", "none");
  if (memory != nullptr) {
    const int freed = api_.release(memory);
    if (error == 0 && freed != 0) error = freed, call = "cudaFree";
  }
  if (error != 0) {
    record_at("gpu", device, "cudart.call", call);
    if (api_.error_name != nullptr && api_.error_name(error) != nullptr)
      record_at("gpu", device, "cudart.error_name", api_.error_name(error));
  }
  record_elapsed_at("gpu", device, "ms.cudart", start);
  record_number_at("gpu", device, "cudart.error", error);
}

}  // namespace cudaenv::probe
