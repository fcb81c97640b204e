// cudaenv-probe: runs foreign driver code, so it is always a child with a deadline and never part of the
// manager. It answers by records on a descriptor of its own; its exit status means nothing.
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "probe/driver_api.hpp"
#include "probe/launch.hpp"
#include "probe/libraries.hpp"
#include "probe/nvml.hpp"
#include "probe/record.hpp"

namespace cudaenv::probe {

namespace {

constexpr int nvml_limit_ms = 2'000;  // beyond what the driver took; a proof does not hang on it

// The compiler's thread works while the driver initialises: NVRTC is loaded during cuInit, images are made
// while the context opens.
struct Work {
  const Options* options = nullptr;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  int cc = 0;
  bool made[2] = {};
  Image image[2];
};

void* compile_images(void* argument) {
  auto& work = *static_cast<Work*>(argument);
  Compiler compiler;
  compiler.prepare(*work.options);
  pthread_mutex_lock(&work.lock);
  while (work.cc == 0) pthread_cond_wait(&work.changed, &work.lock);
  const int cc = work.cc;
  pthread_mutex_unlock(&work.lock);
  for (const Kind kind : {Kind::sass, Kind::ptx}) {
    Image image;
    if (kind == Kind::sass ? work.options->sass : work.options->ptx) image = compiler.compile(kind, cc);
    pthread_mutex_lock(&work.lock);
    work.image[static_cast<int>(kind)] = image;
    work.made[static_cast<int>(kind)] = true;
    pthread_cond_broadcast(&work.changed);
    pthread_mutex_unlock(&work.lock);
  }
  return nullptr;
}

void give_capability(Work& work, int cc) {
  pthread_mutex_lock(&work.lock);
  work.cc = cc;
  pthread_cond_broadcast(&work.changed);
  pthread_mutex_unlock(&work.lock);
}

const Image& wait_for(Work& work, Kind kind) {
  record_stage(kind == Kind::sass ? "compile-sass" : "compile-ptx");
  pthread_mutex_lock(&work.lock);
  while (!work.made[static_cast<int>(kind)]) pthread_cond_wait(&work.changed, &work.lock);
  pthread_mutex_unlock(&work.lock);
  return work.image[static_cast<int>(kind)];
}

void prove(const Options& options, const DriverApi& api, const Device& device, Work& work) {
  give_capability(work, device.cc);
  if (!open_context(api, device)) return;
  if (options.sass && !prove_image(api, options, Kind::sass, wait_for(work, Kind::sass))) return;
  if (options.ptx && !prove_image(api, options, Kind::ptx, wait_for(work, Kind::ptx))) return;
  if (options.cudart) prove_cudart(options);
}

void run(const Options& options) {
  static Work work;
  work.options = &options;
  pthread_t thread{};
  const bool proving = !options.facts_only && options.toolkit != nullptr && options.libraries == nullptr;
  if (proving && pthread_create(&thread, nullptr, compile_images, &work) != 0) return;
  if (options.facts_only) start_nvml(options.libcuda);
  DriverApi api;
  Device device;
  const bool usable = load_driver(options.libcuda, api) && record_facts(api, options.device, device);
  if (options.facts_only) return finish_nvml(nvml_limit_ms);
  if (!usable) {  // NVML may know why
    start_nvml(options.libcuda);
    return finish_nvml(nvml_limit_ms);
  }
  if (proving) prove(options, api, device, work);
  else if (options.toolkit != nullptr && open_context(api, device)) prove_libraries(options, api, device);
}

}  // namespace

}  // namespace cudaenv::probe

#if defined(__SANITIZE_ADDRESS__)
// A driver that crashes must end this process by its signal: that is the evidence, not a sanitizer's report.
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0";
}
#endif

int main(int argc, char** argv) {
  using namespace cudaenv::probe;
  Options options;
  if (const char* wrong = parse_options(argc, argv, options); wrong != nullptr) {
    std::fprintf(stderr, "cudaenv-probe: cannot understand `%s`\n", wrong);
    return 2;
  }
  if (!open_records(options.result_fd, options.nonce)) {
    std::fprintf(stderr, "cudaenv-probe: descriptor %d is not open: it is run by `cudaenv verify`\n", options.result_fd);
    return 2;
  }
  // The driver's JIT cache would answer for the compiler; libraries may use it as in any program.
  if (options.libraries == nullptr) setenv("CUDA_CACHE_DISABLE", "1", 1);
  record("probe", probe_version);
  const double start = now_ms();
  run(options);
  record_elapsed("ms.whole", start);
  record("done", "1");
  // Destructors of driver and libraries may hang or crash: they are none of our business.
  _exit(0);
}
