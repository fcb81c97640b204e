// NCCL: an all-reduce over every visible GPU, in one process.
#include <cerrno>
#include <cstdlib>

#include "probe/libraries.hpp"
#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

constexpr int type_float = 7, operation_sum = 0;  // nccl.h
constexpr int most_gpus = 64;
constexpr std::size_t count = 1U << 20U, bytes = count * sizeof(float);

struct Nccl {
  int (*version)(int* version) = nullptr;
  const char* (*error_text)(int result) = nullptr;
  const char* (*last_error)(void* communicator) = nullptr;  // from 2.13
  int (*init_all)(void** communicators, int gpus, const int* list) = nullptr;
  int (*group_start)() = nullptr;
  int (*group_end)() = nullptr;
  int (*all_reduce)(const void* in, void* out, std::size_t count, int type, int operation, void* communicator,
                    void* stream) = nullptr;
};

bool find_calls(const LibraryStep& step, void* library, Nccl& nccl) {
  find_symbol(library, "ncclGetLastError", nccl.last_error);
  return step.need(library, "ncclGetVersion", nccl.version) && step.need(library, "ncclGetErrorString", nccl.error_text) &&
         step.need(library, "ncclCommInitAll", nccl.init_all) && step.need(library, "ncclGroupStart", nccl.group_start) &&
         step.need(library, "ncclGroupEnd", nccl.group_end) && step.need(library, "ncclAllReduce", nccl.all_reduce);
}

// What GPU `rank` sends: whole numbers so small that no order of adding them changes the sum.
float sent(std::size_t index, int rank) { return static_cast<float>(index % 8191 + static_cast<std::size_t>(rank)); }

// One GPU's part. Memory is of its own primary context, which is current only while something is done with it.
struct Rank {
  void *context = nullptr, *stream = nullptr, *communicator = nullptr;
  CuPointer memory = 0;

  [[nodiscard]] void* pointer() const {
    void* pointer = nullptr;
    __builtin_memcpy(&pointer, &memory, sizeof pointer);
    return pointer;
  }
};

class AllReduce {
 public:
  AllReduce(const Bench& bench, const LibraryStep& step, const Nccl& nccl, int gpus)
      : bench_(bench), step_(step), nccl_(nccl), gpus_(gpus) {}

  bool run(float* values) {
    for (int i = 0; i < gpus_; ++i)
      if (!open(i, values)) return false;
    if (!communicate()) return false;
    for (int i = 0; i < gpus_; ++i)
      if (!check(i, values)) return false;
    step_.say_number("gpus", gpus_);
    step_.say_number("checked", static_cast<std::int64_t>(count) * gpus_);
    step_.say_number("wrong", wrong_);
    return true;
  }

 private:
  bool ok(const char* call, int result) const {
    if (result == 0) return true;
    const char* detail = nccl_.last_error != nullptr ? nccl_.last_error(nullptr) : nullptr;
    if (detail != nullptr && detail[0] != '\0') step_.say("detail", detail);
    return step_.ok(call, result, nccl_.error_text(result));
  }

  bool open(int index, float* values) {
    auto& rank = ranks_[index];
    CuDevice device = 0;
    for (std::size_t i = 0; i < count; ++i) values[i] = sent(i, index);
    return step_.driver_ok("cuDeviceGet", bench_.api.device_get(&device, index)) &&
           step_.driver_ok("cuDevicePrimaryCtxRetain", bench_.api.context_retain(&rank.context, device)) &&
           step_.driver_ok("cuCtxSetCurrent", bench_.api.context_set(rank.context)) &&
           step_.driver_ok("cuStreamCreate", bench_.work.stream_create(&rank.stream, 0)) &&
           step_.driver_ok("cuMemAlloc", bench_.api.memory_alloc(&rank.memory, bytes)) &&
           step_.driver_ok("cuMemcpyHtoD", bench_.work.memory_write(rank.memory, values, bytes)) &&
           // Copies from pageable memory and work of other streams are not ordered by themselves.
           step_.driver_ok("cuCtxSynchronize", bench_.api.context_synchronize());
  }

  bool communicate() {
    void* communicators[most_gpus] = {};
    const double start = now_ms();
    if (!ok("ncclCommInitAll", nccl_.init_all(communicators, gpus_, nullptr))) return false;
    step_.say_elapsed("ms_init", start);
    bool good = ok("ncclGroupStart", nccl_.group_start());
    for (int i = 0; good && i < gpus_; ++i)
      good = ok("ncclAllReduce", nccl_.all_reduce(ranks_[i].pointer(), ranks_[i].pointer(), count, type_float, operation_sum,
                                                  communicators[i], ranks_[i].stream));
    return good && ok("ncclGroupEnd", nccl_.group_end());
  }

  bool check(int index, float* values) {
    auto& rank = ranks_[index];
    if (!step_.driver_ok("cuCtxSetCurrent", bench_.api.context_set(rank.context)) ||
        !step_.driver_ok("cuStreamSynchronize", bench_.work.stream_wait(rank.stream)) ||
        !step_.driver_ok("cuMemcpyDtoH", bench_.api.memory_read(values, rank.memory, bytes)))
      return false;
    for (std::size_t i = 0; i < count; ++i) {
      float sum = 0;
      for (int from = 0; from < gpus_; ++from) sum += sent(i, from);
      if (values[i] != sum) ++wrong_;
    }
    bench_.api.memory_free(rank.memory);
    return true;
  }

  const Bench& bench_;
  const LibraryStep& step_;
  const Nccl& nccl_;
  int gpus_ = 0;
  std::int64_t wrong_ = 0;
  Rank ranks_[most_gpus];
};

}  // namespace

void prove_nccl(const Bench& bench) {
  const LibraryStep step("nccl", bench);
  if (!step.installed("libnccl.so")) return;
  step.load_first("libcudart.so");
  void* library = step.load("libnccl.so");
  Nccl nccl;
  if (library == nullptr || !find_calls(step, library, nccl)) return;
  int version = 0, gpus = 0;
  if (!step.ok("ncclGetVersion", nccl.version(&version), "")) return;
  step.say_number("version", version);
  if (!step.driver_ok("cuDeviceGetCount", bench.api.device_count(&gpus))) return;
  gpus = gpus < most_gpus ? gpus : most_gpus;
  auto* values = static_cast<float*>(std::malloc(bytes));
  if (values == nullptr) return void(step.ok("malloc", ENOMEM));
  AllReduce reduction(bench, step, nccl, gpus);
  if (reduction.run(values)) {
    static constexpr const char* names[] = {"libnccl"};
    step.record_foreign(names, 1);
    step.finish();
  }
  std::free(values);
}

}  // namespace cudaenv::probe
