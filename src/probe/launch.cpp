#include "probe/launch.hpp"

#include <cstdio>
#include <cstring>
#include <initializer_list>

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

// What one device's proof needs at every step.
struct Place {
  const DriverApi& api;
  const Options& options;
  const Device& device;
  CuPointer memory = 0;  // for the kernel's values
  CuResult memory_error = 0;

  void stage(const char* name) const { record_at("gpu", device.index, "stage", name); }
};

void launch_and_check(const Place& place, void* function, Salt salt, Outcome& outcome) {
  constexpr std::size_t bytes = kernel_threads * sizeof(std::uint32_t);
  const auto& api = place.api;
  std::uint32_t values[kernel_threads] = {};
  CuPointer memory = place.memory;
  void* parameters[] = {&memory, &salt.seed};
  const bool ran = note(outcome, "cuMemAlloc", place.memory_error) &&
                   note(outcome, "cuMemsetD32", api.memory_fill(memory, 0xDEADBEEFU, kernel_threads)) &&
                   note(outcome, "cuLaunchKernel",
                        api.launch(function, kernel_threads / kernel_block, 1, 1, kernel_block, 1, 1, 0, nullptr,
                                   parameters, nullptr)) &&
                   note(outcome, "cuCtxSynchronize", api.context_synchronize()) &&
                   note(outcome, "cuMemcpyDtoH", api.memory_read(values, memory, bytes));
  if (!ran) return;
  outcome.checked = kernel_threads;
  outcome.wrong = count_wrong(values, salt);
}

void load_and_run(const Place& place, const Image& image, Salt salt, Outcome& outcome) {
  const auto& api = place.api;
  int keys[] = {jit_error_log_buffer, jit_error_log_bytes};
  void* sizes = nullptr;
  const std::uintptr_t log_bytes = sizeof outcome.log - 1;
  std::memcpy(&sizes, &log_bytes, sizeof sizes);  // the option's value travels in the pointer itself
  void* values[] = {outcome.log, sizes};
  void *module = nullptr, *function = nullptr;
  if (!note(outcome, "cuModuleLoadDataEx", api.module_load(&module, image.bytes, 2, keys, values))) return;
  if (note(outcome, "cuModuleGetFunction", api.module_function(&function, module, kernel_name)))
    launch_and_check(place, function, salt, outcome);
  api.module_unload(module);
}

// Fields of one step on one device: gpu.3.sass.way.
class Fields {
 public:
  Fields(int device, const char* step) : device_(device), step_(step) {}
  void text(const char* name, const char* value) { record_at("gpu", device_, field(name), value); }
  void number(const char* name, std::int64_t value) { record_number_at("gpu", device_, field(name), value); }

 private:
  const char* field(const char* name) {
    std::snprintf(name_, sizeof name_, "%s.%s", step_, name);
    return name_;
  }
  int device_;
  const char* step_;
  char name_[48] = {};
};

void record_outcome(const DriverApi& api, Fields& fields, const Outcome& outcome) {
  if (outcome.error != 0) {
    fields.text("call", outcome.call);
    fields.text("error_name", error_name(api, outcome.error));
    if (outcome.log[0] != '\0') fields.text("log", outcome.log);
  } else {
    fields.number("checked", outcome.checked);
    fields.number("wrong", outcome.wrong);
  }
  fields.number("error", outcome.error);
}

// After these the context is lost for good.
bool breaks_context(CuResult error) {
  return error == 700 || error == 214 || error == 220 || (error >= 714 && error <= 720) || error == 999;
}

enum class Ran { right, wrong, context_lost };

Ran prove_image(const Place& place, Kind kind, const Image& image) {
  const bool sass = kind == Kind::sass;
  Fields fields(place.device.index, sass ? "sass" : "ptx");
  fields.text("way", image.way);
  fields.text("target", image.target);
  if (image.error[0] != '\0' || image.bytes == nullptr) {
    fields.text("compile_error", image.error);
    return Ran::wrong;
  }
  place.stage(sass ? "sass" : "ptx");
  Salt salt = salt_of(place.options.nonce);
  if (!sass) salt.seed ^= 0x5A5A5A5AU;  // values of one step must not pass for the other's
  Outcome outcome;
  const double start = now_ms();
  load_and_run(place, image, salt, outcome);
  record_elapsed_at("gpu", place.device.index, sass ? "ms.run_sass" : "ms.run_ptx", start);
  record_outcome(place.api, fields, outcome);
  if (breaks_context(outcome.error)) return Ran::context_lost;
  return outcome.error == 0 && outcome.wrong == 0 ? Ran::right : Ran::wrong;
}

const Image& wait_for(const Place& place, ImageSet& images, Kind kind) {
  const bool sass = kind == Kind::sass;
  place.stage(sass ? "compile-sass" : "compile-ptx");
  const double start = now_ms();
  const Image& image = images.wait(kind, place.device.cc);
  record_elapsed_at("gpu", place.device.index, sass ? "ms.wait_sass" : "ms.wait_ptx", start);
  return image;
}

void prove_steps(const Place& place, ImageSet& images) {
  const Image* ran = nullptr;  // the first image whose values were right: libcudart launches it once more
  for (const Kind kind : {Kind::sass, Kind::ptx}) {
    if (!(kind == Kind::sass ? place.options.sass : place.options.ptx)) continue;
    const Image& image = wait_for(place, images, kind);
    const Ran result = prove_image(place, kind, image);
    if (result == Ran::context_lost) return;
    if (result == Ran::right && ran == nullptr) ran = &image;
  }
  if (place.options.cudart) images.wait_runtime().prove(place.options, place.device.index, ran);
}

}  // namespace

bool open_context(const DriverApi& api, const Device& device) {
  record_at("gpu", device.index, "stage", "context");
  const double start = now_ms();
  void* context = nullptr;
  CuResult result = api.context_retain(&context, device.handle);
  if (result == 0) result = api.context_set(context);
  record_elapsed_at("gpu", device.index, "ms.context", start);
  if (result != 0) record_at("gpu", device.index, "context.error_name", error_name(api, result));
  record_number_at("gpu", device.index, "context.error", result);
  return result == 0;
}

void prove_device(const DriverApi& api, const Options& options, const Device& device, ImageSet& images) {
  Place place{api, options, device};
  if (open_context(api, device)) {
    place.memory_error = api.memory_alloc(&place.memory, kernel_threads * sizeof(std::uint32_t));
    prove_steps(place, images);
  }
  if (place.memory != 0) api.memory_free(place.memory);
  place.stage("done");
}

}  // namespace cudaenv::probe
