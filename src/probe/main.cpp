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

// One device's share of the proof.
struct Share {
  const DriverApi* api = nullptr;
  const Options* options = nullptr;
  const Device* device = nullptr;
  ImageSet* images = nullptr;
};

void* prove_share(void* argument) {
  const auto& share = *static_cast<Share*>(argument);
  prove_device(*share.api, *share.options, *share.device, *share.images);
  return nullptr;
}

// Every device at once: contexts take a tenth of a second each. The first one has this thread.
void prove_all(const Options& options, const DriverApi& api, const DeviceList& devices, ImageSet& images) {
  Share shares[max_devices];
  pthread_t threads[max_devices];
  bool started[max_devices] = {};
  for (int i = 0; i < devices.count; ++i) {
    shares[i] = {&api, &options, &devices.at[i], &images};
    started[i] = i > 0 && pthread_create(&threads[i], nullptr, prove_share, &shares[i]) == 0;
  }
  for (int i = 0; i < devices.count; ++i)
    if (!started[i]) prove_share(&shares[i]);
  for (int i = 0; i < devices.count; ++i)
    if (started[i]) pthread_join(threads[i], nullptr);
}

void run(const Options& options) {
  static ImageSet images;
  const bool proving = !options.facts_only && options.toolkit != nullptr && options.libraries == nullptr;
  if (proving && !images.start(options)) return;
  // One hardware queue is enough for one kernel: with the usual eight, a context takes about twice as long to open
  // (95 instead of 55 ms on an H200) and longer to take apart. Libraries get what they always get.
  if (proving) setenv("CUDA_DEVICE_MAX_CONNECTIONS", "1", 0);
  const bool nvml_beside = options.facts_only && options.kernel_gpus == 0;
  if (nvml_beside) start_nvml(options.libcuda);
  DriverApi api;
  DeviceList devices;
  const bool usable = load_driver(options.libcuda, api) && record_facts(api, options.device, devices);
  if (nvml_beside) return finish_nvml(nvml_limit_ms);
  // NVML may know why CUDA sees nothing, or less than the kernel. Beside cuInit it costs 10 to 20 ms: both take the
  // same locks.
  const bool as_the_kernel = usable && !devices.mig && devices.count == options.kernel_gpus;
  if (!usable || (options.facts_only && !as_the_kernel)) {
    start_nvml(options.libcuda);
    return finish_nvml(nvml_limit_ms);
  }
  if (options.facts_only) return;
  if (proving) {
    images.want(devices);
    record_stage("launch");
    prove_all(options, api, devices, images);
  } else if (options.toolkit != nullptr && open_context(api, devices.at[0])) {
    prove_libraries(options, api, devices.at[0]);
  }
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
