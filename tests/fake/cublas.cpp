// A libcublas over plain memory. Of the product it computes only the entries that the probe looks at: all 4096 x 4096
// would take minutes. FAKE_PLAN says what is wrong with it.
#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "probe/gemm_samples.hpp"

#define EXPORT extern "C" __attribute__((visibility("default")))
#ifndef FAKE_PLAN
#define FAKE_PLAN ""
#endif

using namespace cudaenv::probe;

namespace {

bool plan(const char* name) { return std::strcmp(FAKE_PLAN, name) == 0; }

void load_beside(const char* file) {
  Dl_info self{};
  dladdr(reinterpret_cast<void*>(&plan), &self);
  char path[PATH_MAX + 64];
  if (realpath(self.dli_fname, path) == nullptr) return;  // the toolkit may be a view of links
  *std::strrchr(path, '/') = '\0';
  std::strncat(path, file, sizeof path - std::strlen(path) - 1);
  dlopen(path, RTLD_NOW);
}

}  // namespace

#ifdef FAKE_NEEDS_SYMBOL
extern "C" int __nvJitLinkComplete_99_9();  // NOLINT: the name of NVIDIA's form
EXPORT int cublasNeedsIt() { return __nvJitLinkComplete_99_9(); }
#endif

EXPORT int cublasCreate_v2(void** handle) {
  static int one;
  if (plan("hang"))
    for (;;) pause();
  if (plan("stray")) load_beside("/../stray/libcublasLt.so.13");
  *handle = &one;
  return plan("create-1") ? 1 : 0;
}
EXPORT int cublasGetVersion_v2(void*, int* version) {
  *version = 130100;
  return 0;
}
EXPORT int cublasSetWorkspace_v2(void*, void* memory, std::size_t) { return memory == nullptr; }
EXPORT const char* cublasGetStatusName(int status) { return status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS"; }

#ifndef FAKE_LACKS_GEMM
EXPORT int cublasGemmEx(void*, int, int, int m, int n, int k, const void*, const void* a, int a_type, int, const void* b, int, int,
                        const void*, void* c, int, int, int compute, int) {
  static bool done;
  if (m != gemm_size || n != gemm_size || k != gemm_size || a_type != 14 || compute != 68) return 7;
  if (plan("fails-13")) return 13;
  if (plan("segv")) std::raise(SIGSEGV);
  if (plan("exit")) std::exit(0);
  if (done) return 0;
  done = true;
  auto* out = static_cast<std::uint16_t*>(c);
  for (int i = 0; i < gemm_samples; ++i) {
    const auto at = gemm_sample(i);
    auto value = gemm_reference(static_cast<const std::uint16_t*>(a), static_cast<const std::uint16_t*>(b), at).value;
    if (plan("wrong") && i == gemm_samples - 1) value += 4;
    if (plan("nan") && i == 0) value = __builtin_nan("");
    std::uint32_t bits = 0;
    const auto single = static_cast<float>(value);
    std::memcpy(&bits, &single, sizeof bits);
    out[at.row + at.column * gemm_size] = plan("nan") && i == 0 ? 0x7FC0 : to_bf16(single);
  }
  return 0;
}
#endif
