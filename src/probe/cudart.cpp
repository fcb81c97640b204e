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
  find_symbol(library, "cudaGetKernel", api.get_kernel);
  return find_symbol(library, "cudaRuntimeGetVersion", api.version) && find_symbol(library, "cudaSetDevice", api.set_device) &&
         find_symbol(library, "cudaMalloc", api.allocate) && find_symbol(library, "cudaMemcpy", api.copy) &&
         find_symbol(library, "cudaFree", api.release);
}

// A kernel of an image, by the runtime's own calls where it has them, else by the driver's: CUkernel and
// cudaKernel_t are one type.
struct Kernel {
  void *library = nullptr, *handle = nullptr;
  int (*unload)(void*) = nullptr;
};

int open_kernel(const RuntimeApi& runtime, const DriverApi& driver, const Image& image, Kernel& kernel) {
  const bool own = runtime.library_load != nullptr && runtime.library_kernel != nullptr && runtime.library_unload != nullptr;
  const auto load = own ? runtime.library_load : driver.library_load;
  const auto kernel_of = own ? runtime.library_kernel : driver.library_kernel;
  if (const int error = load(&kernel.library, image.bytes, nullptr, nullptr, 0, nullptr, nullptr, 0); error != 0) return error;
  kernel.unload = own ? runtime.library_unload : driver.library_unload;
  return kernel_of(&kernel.handle, kernel.library, kernel_name);
}

bool can_launch(const RuntimeApi& runtime, const DriverApi& driver) {
  if (runtime.launch == nullptr || runtime.synchronize == nullptr) return false;
  return (runtime.library_load != nullptr && runtime.library_kernel != nullptr && runtime.library_unload != nullptr) ||
         (runtime.get_kernel != nullptr && driver.library_load != nullptr && driver.library_kernel != nullptr &&
          driver.library_unload != nullptr);
}

}  // namespace

void Runtime::load(const char* toolkit) {
  const Path path = find_library(toolkit, "libcudart.so");
  if (path.empty()) return;
  record("cudart.path", path.text);
  record("cudart.stage", "load");
  void* library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  usable_ = library != nullptr && find_calls(library, api_);
  if (!usable_) {
    const char* reason = dlerror();
    record("cudart.load_error", reason != nullptr ? reason : "a call of its API is missing");
  }
  record("cudart.stage", "loaded");
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
bool Runtime::launch(const DriverApi& driver, int device, const Image& image, Salt salt, void* memory, int& error,
                     const char*& call) const {
  Kernel kernel;
  std::uint32_t values[kernel_threads] = {};
  void* parameters[] = {&memory, &salt.seed};
  call = "cudaLibraryLoadData";
  error = open_kernel(api_, driver, image, kernel);
  if (error == 0) {
    call = "cudaLaunchKernel";
    error = api_.launch(kernel.handle, {kernel_threads / kernel_block, 1, 1}, {kernel_block, 1, 1}, parameters, 0, nullptr);
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
  if (kernel.unload != nullptr) kernel.unload(kernel.library);
  if (error == 0) {
    record_number_at("gpu", device, "cudart.wrong", count_wrong(values, salt));
    record_number_at("gpu", device, "cudart.checked", kernel_threads);
  } else if (!possible) {
    error = 0;
  }
  return possible;
}

void Runtime::prove(const DriverApi& driver, const Options& options, int device, const Image* image) const {
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
  const bool possible = image != nullptr && can_launch(api_, driver);
  if (error == 0 && !(possible && launch(driver, device, *image, salt, memory, error, call)))
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
