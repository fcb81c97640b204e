// cuBLAS: C = A * B of bf16, 4096 x 4096 x 4096, summed in fp32. Checked against double precision, then timed.
#include <pthread.h>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "probe/gemm_samples.hpp"
#include "probe/libraries.hpp"
#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

// library_types.h, cublas_api.h
constexpr int real_bf16 = 14, compute_fp32 = 68, no_transpose = 0, default_algorithm = -1;
constexpr int n = gemm_size;
constexpr std::size_t entries = std::size_t{n} * n;
constexpr std::size_t matrix_bytes = entries * sizeof(std::uint16_t);
constexpr std::size_t workspace_bytes = 32U << 20U;  // what the cuBLAS manual recommends for Hopper and later

struct Blas {
  int (*create)(void** handle) = nullptr;
  int (*version)(void* handle, int* version) = nullptr;
  int (*workspace)(void* handle, void* memory, std::size_t bytes) = nullptr;  // from 11.2
  const char* (*status_name)(int status) = nullptr;                           // from 11.4
  int (*gemm)(void* handle, int a_form, int b_form, int m, int columns, int k, const void* alpha, const void* a, int a_type,
              int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type, int ldc, int compute,
              int algorithm) = nullptr;
};

bool find_calls(const LibraryStep& step, void* library, Blas& blas) {
  find_symbol(library, "cublasSetWorkspace_v2", blas.workspace);
  find_symbol(library, "cublasGetStatusName", blas.status_name);
  return step.need(library, "cublasCreate_v2", blas.create) && step.need(library, "cublasGetVersion_v2", blas.version) &&
         step.need(library, "cublasGemmEx", blas.gemm);
}

// Both matrices, made by a second thread while the library loads.
struct Inputs {
  std::uint16_t* values = static_cast<std::uint16_t*>(std::malloc(2 * matrix_bytes));
  pthread_t thread{};
  bool running = false;

  Inputs() { running = values != nullptr && pthread_create(&thread, nullptr, fill, values) == 0; }
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;
  ~Inputs() {
    wait();
    std::free(values);
  }
  void wait() {
    if (running) pthread_join(thread, nullptr);
    running = false;
  }
  static void* fill(void* values) {
    auto* out = static_cast<std::uint16_t*>(values);
    for (std::size_t i = 0; i < 2 * entries; ++i) out[i] = gemm_input(i);
    return nullptr;
  }
};

// The product that is run again and again.
struct Product {
  const Bench& bench;
  const LibraryStep& step;
  const Blas& blas;
  void* handle = nullptr;
  DeviceMemory a, b, c, workspace;

  [[nodiscard]] const char* name_of(int status) const {
    return status != 0 && blas.status_name != nullptr ? blas.status_name(status) : "";
  }
  [[nodiscard]] bool start() const {
    const float one = 1, zero = 0;
    const int status = blas.gemm(handle, no_transpose, no_transpose, n, n, n, &one, a.pointer(), real_bf16, n, b.pointer(),
                                 real_bf16, n, &zero, c.pointer(), real_bf16, n, compute_fp32, default_algorithm);
    return step.ok("cublasGemmEx", status, name_of(status));
  }
};

bool prepare(Product& product, Inputs& inputs) {
  const auto& step = product.step;
  int status = product.blas.create(&product.handle);
  if (!step.ok("cublasCreate", status, product.name_of(status))) return false;
  int version = 0;
  if (product.blas.version(product.handle, &version) == 0) step.say_number("version", version);
  if (!product.a.allocate(step, matrix_bytes) || !product.b.allocate(step, matrix_bytes) ||
      !product.c.allocate(step, matrix_bytes) || !product.workspace.allocate(step, workspace_bytes))
    return false;
  if (product.blas.workspace != nullptr) {
    status = product.blas.workspace(product.handle, product.workspace.pointer(), workspace_bytes);
    if (!step.ok("cublasSetWorkspace", status, product.name_of(status))) return false;
  }
  inputs.wait();
  const auto& work = product.bench.work;
  return step.driver_ok("cuMemcpyHtoD", work.memory_write(product.a.at(), inputs.values, matrix_bytes)) &&
         step.driver_ok("cuMemcpyHtoD", work.memory_write(product.b.at(), inputs.values + entries, matrix_bytes));
}

// Milliseconds of one product, out of `count` in a row between two events.
bool time_batch(const Product& product, void* const (&events)[2], int count, float& ms) {
  const auto& step = product.step;
  const auto& work = product.bench.work;
  if (!step.driver_ok("cuEventRecord", work.event_record(events[0], nullptr))) return false;
  for (int i = 0; i < count; ++i)
    if (!product.start()) return false;
  if (!step.driver_ok("cuEventRecord", work.event_record(events[1], nullptr)) ||
      !step.driver_ok("cuEventSynchronize", work.event_wait(events[1])) ||
      !step.driver_ok("cuEventElapsedTime", work.event_elapsed(&ms, events[0], events[1])))
    return false;
  ms /= static_cast<float>(count);
  return true;
}

int compare_times(const void* one, const void* other) {
  const float a = *static_cast<const float*>(one), b = *static_cast<const float*>(other);
  return a < b ? -1 : a > b;
}

// The clock of an idle GPU is low: warmed up for a tenth of a second. Then the median of runs of about 2 ms each, in
// which the gaps between single launches vanish; slow GPUs get fewer runs, so that all of it stays below a second.
bool measure(const Product& product) {
  constexpr int most_runs = 25, fewest_runs = 5, longest_batch = 10;
  constexpr double warm_up_ms = 100, run_ms = 2, budget_ms = 500;
  void* events[2] = {};
  for (auto& event : events)
    if (!product.step.driver_ok("cuEventCreate", product.bench.work.event_create(&event, 0))) return false;
  float ms = 0;
  const double start = now_ms();
  do {
    if (!time_batch(product, events, 1, ms)) return false;
  } while (now_ms() - start < warm_up_ms);
  const double one = ms > 0.001F ? static_cast<double>(ms) : 0.001;
  int batch = static_cast<int>(run_ms / one);
  batch = batch < 1 ? 1 : batch > longest_batch ? longest_batch : batch;
  int runs = static_cast<int>(budget_ms / (one * batch));
  runs = runs < fewest_runs ? fewest_runs : runs > most_runs ? most_runs : runs;
  float times[most_runs];
  for (int i = 0; i < runs; ++i)
    if (!time_batch(product, events, batch, times[i])) return false;
  std::qsort(times, static_cast<std::size_t>(runs), sizeof times[0], compare_times);
  const double median = static_cast<double>(times[runs / 2]);
  product.step.say_number("runs", runs);
  product.step.say_number("batch", batch);
  product.step.say_real("ms", median);
  product.step.say_real("ms_fastest", static_cast<double>(times[0]));
  if (median > 0) product.step.say_real("tflops", 2.0 * n * n * n / (median * 1e9));
  return true;
}

// One entry in each of 1,024 tiles of the result, so that a tile that a kernel left out or a bad multiprocessor wrote
// cannot hide.
bool check(const Product& product, const Inputs& inputs) {
  auto* result = static_cast<std::uint16_t*>(std::malloc(matrix_bytes));
  if (result == nullptr) return product.step.ok("malloc", ENOMEM);
  const bool read = product.step.driver_ok("cuMemcpyDtoH", product.bench.api.memory_read(result, product.c.at(), matrix_bytes));
  int wrong = 0;
  double largest = 0, share = 0;
  for (int i = 0; read && i < gemm_samples; ++i) {
    const GemmSample sample = gemm_sample(i);
    const GemmEntry want = gemm_reference(inputs.values, inputs.values + entries, sample);
    const double got = static_cast<double>(from_bf16(result[sample.row + std::size_t{n} * sample.column]));
    const double error = __builtin_fabs(got - want.value);
    if (!(error <= want.tolerance)) ++wrong;  // NaN is wrong too
    if (error > largest) largest = error;
    if (error / want.tolerance > share) share = error / want.tolerance;
  }
  std::free(result);
  if (!read) return false;
  product.step.say_number("checked", gemm_samples);
  product.step.say_number("wrong", wrong);
  product.step.say_real("max_error", largest / gemm_rms);
  product.step.say_real("tolerance_share", share);
  return true;
}

}  // namespace

void prove_gemm(const Bench& bench) {
  const LibraryStep step("gemm", bench);
  if (!step.installed("libcublas.so")) return;
  Inputs inputs;
  if (!inputs.running) return void(step.ok("pthread_create", ENOMEM));
  // In the order of their needs: each finds the toolkit's copy of what it asks for loaded already.
  for (const char* first : {"libnvJitLink.so", "libcudart.so", "libcublasLt.so"}) step.load_first(first);
  void* library = step.load("libcublas.so");
  Blas blas;
  if (library == nullptr || !find_calls(step, library, blas)) return;
  constexpr int oldest_with_bf16 = 80;
  if (bench.device.cc < oldest_with_bf16) return step.say("skipped", "this GPU has no bf16: it came with sm_80");
  Product product{bench, step, blas, nullptr, DeviceMemory(bench), DeviceMemory(bench), DeviceMemory(bench), DeviceMemory(bench)};
  if (!prepare(product, inputs) || !measure(product) || !check(product, inputs)) return;
  static constexpr const char* names[] = {"libcublas", "libnvJitLink", "libcudart"};
  step.record_foreign(names, 3);
  step.finish();
}

}  // namespace cudaenv::probe
