// The toolkit's own libraries at work: cuBLAS, cuFFT, cuDNN, NCCL. A process of its own, apart from the kernels'
// proof: a library that crashes must not cost what was proven already. Calls are declared by hand from the
// documented C interfaces (cublas_v2.h, cufft.h, cudnn.h, nccl.h); numbers of enumerations likewise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "probe/driver_api.hpp"
#include "probe/options.hpp"
#include "probe/symbol.hpp"

namespace cudaenv::probe {

/// Runs the libraries that `options.libraries` names, in the order gemm, cufft, cudnn, nccl. Each writes
/// <step>.{absent | skipped | load_error | missing_symbol | call, error, error_name | figures ..., error=0}.
/// Stops after a step that broke the context (<step>.context): what follows needs a new process.
void prove_libraries(const Options& options, const DriverApi& api, const Device& device);

/// Calls of the Driver API that libraries need beyond a kernel's. Found in the libcuda that is loaded.
struct WorkApi {
  CuResult (*memory_write)(CuPointer target, const void* source, std::size_t bytes) = nullptr;
  CuResult (*event_create)(void** event, unsigned flags) = nullptr;
  CuResult (*event_record)(void* event, void* stream) = nullptr;
  CuResult (*event_wait)(void* event) = nullptr;
  CuResult (*event_elapsed)(float* milliseconds, void* begin, void* end) = nullptr;
  CuResult (*stream_create)(void** stream, unsigned flags) = nullptr;
  CuResult (*stream_wait)(void* stream) = nullptr;
};

struct Bench {
  const Options& options;
  const DriverApi& api;
  const Device& device;
  WorkApi work;
};

void prove_gemm(const Bench& bench);   // lib_gemm.cpp
void prove_cufft(const Bench& bench);  // lib_fft.cpp
void prove_cudnn(const Bench& bench);  // lib_dnn.cpp
void prove_nccl(const Bench& bench);   // lib_nccl.cpp

/// The records of one library's step, `<name>.<field>`.
class LibraryStep {
 public:
  LibraryStep(const char* name, const Bench& bench) : name_(name), bench_(bench) {}

  void say(const char* field, const char* value) const;
  void say_number(const char* field, std::int64_t value) const;
  void say_real(const char* field, double value) const;
  void say_elapsed(const char* field, double since) const;

  /// Has the toolkit `file` ("libcublas.so")? Records `absent` where not.
  [[nodiscard]] bool installed(const char* file) const;
  /// The toolkit's `file`, by absolute path; records `path`, and `load_error` where null.
  [[nodiscard]] void* load(const char* file) const;
  /// Loads a library that the next one needs, so that no copy from elsewhere answers to its SONAME; absence is no fault.
  void load_first(const char* file) const;
  /// Files of these prefixes ("libcublas") that are mapped but are not the toolkit's: records `foreign` where the
  /// toolkit has its own of that name, `outside` where it has none.
  void record_foreign(const char* const* prefixes, int count) const;

  template <class F>
  [[nodiscard]] bool need(void* library, const char* symbol, F& function) const {
    if (find_symbol(library, symbol, function)) return true;
    say("missing_symbol", symbol);
    return false;
  }
  /// True for 0; else records the call and the error, and the step is over.
  [[nodiscard]] bool ok(const char* call, int result, const char* result_name = "") const;
  [[nodiscard]] bool driver_ok(const char* call, CuResult result) const;
  /// The step came to its end; whether its figures are right is the judge's business.
  void finish() const { say_number("error", 0); }

 private:
  const char* name_;
  const Bench& bench_;
};

/// Memory of the device, freed with the scope. `allocate` records a failure.
class DeviceMemory {
 public:
  explicit DeviceMemory(const Bench& bench) : bench_(bench) {}
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();
  [[nodiscard]] bool allocate(const LibraryStep& step, std::size_t bytes);
  [[nodiscard]] CuPointer at() const { return pointer_; }
  /// As libraries of the runtime API want it.
  [[nodiscard]] void* pointer() const;

 private:
  const Bench& bench_;
  CuPointer pointer_ = 0;
};

/// The same 64 bits for the same number, on every machine: data of the checks without a stored table (splitmix64).
[[nodiscard]] constexpr std::uint64_t mixed_bits(std::uint64_t number) {
  std::uint64_t z = (number + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// Mean 0, variance 1, bell-shaped (a sum of four uniform numbers): data as a network's, since a GPU's clock, hence
/// its speed, depends on the bits that it multiplies.
[[nodiscard]] constexpr float normal_value(std::uint64_t number) {
  const std::uint64_t bits = mixed_bits(number);
  const auto sum = static_cast<std::int32_t>((bits & 0xFFFFU) + (bits >> 16U & 0xFFFFU) + (bits >> 32U & 0xFFFFU) + (bits >> 48U));
  constexpr float scale = 1.7320508F / 65536.0F;  // the sum of four has variance 1/3
  return static_cast<float>(sum - 131070) * scale;
}

}  // namespace cudaenv::probe
