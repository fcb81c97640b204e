#include "probe/libraries.hpp"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "probe/record.hpp"
#include "probe/toolkit_files.hpp"

namespace cudaenv::probe {

namespace {

bool is_asked(const char* list, const char* name) {
  const auto size = std::strlen(name);
  for (const char* at = list; (at = std::strstr(at, name)) != nullptr; at += size)
    if ((at == list || at[-1] == ',') && (at[size] == '\0' || at[size] == ',')) return true;
  return false;
}

bool find_work_calls(WorkApi& work) {
  // libcuda was loaded for everybody (RTLD_GLOBAL), as the libraries themselves find it.
  void* all = RTLD_DEFAULT;
  return find_symbol(all, "cuMemcpyHtoD_v2", work.memory_write) && find_symbol(all, "cuEventCreate", work.event_create) &&
         find_symbol(all, "cuEventRecord", work.event_record) && find_symbol(all, "cuEventSynchronize", work.event_wait) &&
         find_symbol(all, "cuEventElapsedTime", work.event_elapsed) && find_symbol(all, "cuStreamCreate", work.stream_create) &&
         find_symbol(all, "cuStreamSynchronize", work.stream_wait);
}

const char* last_part(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

// "libcublas.so" of "/…/libcublas.so.12.8.4".
void name_without_version(const char* path, char* name, std::size_t size) {
  std::snprintf(name, size, "%s", last_part(path));
  if (char* end = std::strstr(name, ".so"); end != nullptr) end[3] = '\0';
}

bool same_file(const char* one, const char* other) {
  struct stat first{}, second{};
  return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Is `mapped` the file that the toolkit has under this name? A view of a linked tree has links to files elsewhere.
bool is_of_toolkit(const char* toolkit, const char* mapped) {
  for (const char* folder : library_folders) {
    char own[4400];
    std::snprintf(own, sizeof own, "%s/%s/%s", toolkit, folder, last_part(mapped));
    if (same_file(own, mapped)) return true;
  }
  return false;
}

struct Runner {
  const char* name;
  void (*run)(const Bench&);
};
constexpr Runner runners[] = {{"gemm", prove_gemm}, {"cufft", prove_cufft}, {"cudnn", prove_cudnn}, {"nccl", prove_nccl}};

}  // namespace

void LibraryStep::say(const char* field, const char* value) const {
  char key[64];
  std::snprintf(key, sizeof key, "%s.%s", name_, field);
  record(key, value);
}

void LibraryStep::say_number(const char* field, std::int64_t value) const {
  char text[32];
  std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  say(field, text);
}

void LibraryStep::say_real(const char* field, double value) const {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  say(field, text);
}

void LibraryStep::say_elapsed(const char* field, double since) const { say_real(field, now_ms() - since); }

bool LibraryStep::installed(const char* file) const {
  if (!find_library(bench_.options.toolkit, file).empty()) return true;
  say("absent", file);
  return false;
}

void* LibraryStep::load(const char* file) const {
  const Path path = find_library(bench_.options.toolkit, file);
  say("path", path.text);
  const double start = now_ms();
  // All symbols now: a library beside which an older nvJitLink lies must fail here, with the symbol's name.
  void* library = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    say("load_error", reason != nullptr ? reason : "dlopen failed");
  }
  say_elapsed("ms_load", start);
  return library;
}

void LibraryStep::load_first(const char* file) const {
  const Path path = find_library(bench_.options.toolkit, file);
  if (!path.empty()) (void)dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
}

void LibraryStep::record_foreign(const char* const* prefixes, int count) const {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return;
  char line[4608], last[4400] = {};
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    line[std::strcspn(line, "\n")] = '\0';
    const char* path = std::strchr(line, '/');
    if (path == nullptr || std::strcmp(path, last) == 0) continue;
    std::snprintf(last, sizeof last, "%s", path);
    for (int i = 0; i < count; ++i) {
      if (std::strncmp(last_part(path), prefixes[i], std::strlen(prefixes[i])) != 0) continue;
      if (is_of_toolkit(bench_.options.toolkit, path)) continue;
      char name[256];
      name_without_version(path, name, sizeof name);
      say(find_library(bench_.options.toolkit, name).empty() ? "outside" : "foreign", path);
    }
  }
  std::fclose(maps);
}

bool LibraryStep::ok(const char* call, int result, const char* result_name) const {
  if (result == 0) return true;
  say("call", call);
  if (result_name != nullptr && result_name[0] != '\0') say("error_name", result_name);
  say_number("error", result);
  return false;
}

bool LibraryStep::driver_ok(const char* call, CuResult result) const {
  return ok(call, result, result == 0 ? "" : error_name(bench_.api, result));
}

DeviceMemory::~DeviceMemory() {
  if (pointer_ != 0) bench_.api.memory_free(pointer_);
}

bool DeviceMemory::allocate(const LibraryStep& step, std::size_t bytes) {
  return step.driver_ok("cuMemAlloc", bench_.api.memory_alloc(&pointer_, bytes));
}

void* DeviceMemory::pointer() const {
  void* pointer = nullptr;
  std::memcpy(&pointer, &pointer_, sizeof pointer);
  return pointer;
}

void prove_libraries(const Options& options, const DriverApi& api, const Device& device) {
  Bench bench{options, api, device, {}};
  if (!find_work_calls(bench.work)) return record("libcuda.missing_symbol", "cuEventRecord and its like");
  record_number("libraries.device", device.index);
  for (const auto& runner : runners) {
    if (!is_asked(options.libraries, runner.name)) continue;
    record_stage(runner.name);
    const double start = now_ms();
    runner.run(bench);
    const LibraryStep step(runner.name, bench);
    step.say_elapsed("ms_whole", start);
    const CuResult broken = api.context_synchronize();
    if (broken != 0) return step.say("context", error_name(api, broken));
  }
  record("libraries", "done");
}

}  // namespace cudaenv::probe
