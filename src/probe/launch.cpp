#include "probe/launch.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "probe/kernel_text.hpp"
#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

// The first failing call of a step, with what the JIT said.
struct Outcome {
  CuResult error = 0;
  const char* call = "";
  char log[1024] = {};
  unsigned checked = 0, wrong = 0;
};

bool note(Outcome& outcome, const char* call, CuResult result) {
  if (result == 0) return true;
  outcome.error = result;
  outcome.call = call;
  return false;
}

void check_values(const std::uint32_t* values, Salt salt, Outcome& outcome) {
  for (unsigned i = 0; i < kernel_threads; ++i, ++outcome.checked)
    if (values[i] != kernel_value(i, salt.text, salt.seed)) ++outcome.wrong;
}

void launch_and_check(const DriverApi& api, void* function, Salt salt, Outcome& outcome) {
  constexpr std::size_t bytes = kernel_threads * sizeof(std::uint32_t);
  auto* values = static_cast<std::uint32_t*>(std::calloc(kernel_threads, sizeof(std::uint32_t)));
  CuPointer memory = 0;
  if (values == nullptr || !note(outcome, "cuMemAlloc", api.memory_alloc(&memory, bytes))) {
    std::free(values);
    return;
  }
  void* parameters[] = {&memory, &salt.seed};
  const bool ran = note(outcome, "cuMemsetD32", api.memory_fill(memory, 0xDEADBEEFU, kernel_threads)) &&
                   note(outcome, "cuLaunchKernel",
                        api.launch(function, kernel_threads / kernel_block, 1, 1, kernel_block, 1, 1, 0, nullptr,
                                   parameters, nullptr)) &&
                   note(outcome, "cuCtxSynchronize", api.context_synchronize()) &&
                   note(outcome, "cuMemcpyDtoH", api.memory_read(values, memory, bytes));
  if (ran) check_values(values, salt, outcome);
  api.memory_free(memory);
  std::free(values);
}

void load_and_run(const DriverApi& api, const Image& image, Salt salt, Outcome& outcome) {
  int keys[] = {jit_error_log_buffer, jit_error_log_bytes};
  void* sizes = nullptr;
  const std::uintptr_t log_bytes = sizeof outcome.log - 1;
  std::memcpy(&sizes, &log_bytes, sizeof sizes);  // the option's value travels in the pointer itself
  void* values[] = {outcome.log, sizes};
  void *module = nullptr, *function = nullptr;
  if (!note(outcome, "cuModuleLoadDataEx", api.module_load(&module, image.bytes, 2, keys, values))) return;
  if (note(outcome, "cuModuleGetFunction", api.module_function(&function, module, kernel_name)))
    launch_and_check(api, function, salt, outcome);
  api.module_unload(module);
}

void record_step(const DriverApi& api, const char* step, const Outcome& outcome) {
  char key[48];
  const auto field = [&](const char* name) {
    std::snprintf(key, sizeof key, "%s.%s", step, name);
    return static_cast<const char*>(key);
  };
  if (outcome.error != 0) {
    record(field("call"), outcome.call);
    record(field("error_name"), error_name(api, outcome.error));
    if (outcome.log[0] != '\0') record(field("log"), outcome.log);
  } else {
    record_number(field("checked"), outcome.checked);
    record_number(field("wrong"), outcome.wrong);
  }
  record_number(field("error"), outcome.error);
}

// After these the context is lost for good.
bool breaks_context(CuResult error) {
  return error == 700 || error == 214 || error == 220 || (error >= 714 && error <= 720) || error == 999;
}

}  // namespace

bool open_context(const DriverApi& api, const Device& device) {
  record_stage("context");
  const double start = now_ms();
  void* context = nullptr;
  CuResult result = api.context_retain(&context, device.handle);
  if (result == 0) result = api.context_set(context);
  record_elapsed("ms.context", start);
  if (result != 0) record("context.error_name", error_name(api, result));
  record_number("context.error", result);
  return result == 0;
}

bool prove_image(const DriverApi& api, const Options& options, Kind kind, const Image& image) {
  const char* step = kind == Kind::sass ? "sass" : "ptx";
  char key[48];
  record_stage(step);
  std::snprintf(key, sizeof key, "%s.way", step);
  record(key, image.way);
  std::snprintf(key, sizeof key, "%s.target", step);
  record(key, image.target);
  if (image.error[0] != '\0' || image.bytes == nullptr) {
    std::snprintf(key, sizeof key, "%s.compile_error", step);
    record(key, image.error);
    return true;
  }
  char compile_ms[24];
  std::snprintf(compile_ms, sizeof compile_ms, "%.1f", image.ms);
  std::snprintf(key, sizeof key, "ms.compile_%s", step);
  record(key, compile_ms);
  Salt salt = salt_of(options.nonce);
  if (kind == Kind::ptx) salt.seed ^= 0x5A5A5A5AU;  // values of one step must not pass for the other's
  Outcome outcome;
  const double start = now_ms();
  load_and_run(api, image, salt, outcome);
  std::snprintf(key, sizeof key, "ms.run_%s", step);
  record_elapsed(key, start);
  record_step(api, step, outcome);
  return !breaks_context(outcome.error);
}

}  // namespace cudaenv::probe
