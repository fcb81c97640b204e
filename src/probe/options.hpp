// What the manager asks of a probe.
#pragma once

#include <cstdint>

namespace cudaenv::probe {

inline constexpr const char* probe_version = "1";  // raised when a proof means something else than before

struct Options {
  const char* nonce = nullptr;    // hex digits, also the salt of the kernel's values
  int result_fd = 3;
  const char* toolkit = nullptr;  // folder; its lib, bin and nvvm are looked into
  const char* libcuda = nullptr;  // else libcuda.so.1 by the dynamic linker's search
  int device = -1;                // CUDA's index; -1: every one
  bool facts_only = false;
  int kernel_gpus = 0;            // how many GPUs the kernel has; 0: not known. NVML is asked only where CUDA differs
  bool sass = true, ptx = true, cudart = true;
  const char* scratch = nullptr;  // an empty folder of the manager's, for ptxas and nvcc
  const char* archs = "";         // "75,80,86": targets of the toolkit, for tools that cannot be asked
  const char* isa = nullptr;      // PTX ISA that the toolkit surely knows, "9.0"
  const char* cubin = nullptr;    // images made elsewhere, instead of compiling
  const char* ptx_file = nullptr;
  const char* libraries = nullptr;  // "gemm,cufft,cudnn,nccl": run these libraries of the toolkit instead of a kernel
};

/// Reads argv. On failure returns the argument that is wrong, else nullptr.
[[nodiscard]] const char* parse_options(int argc, char** argv, Options& options);

/// The two 32-bit numbers that every value of the test kernel depends on.
struct Salt {
  std::uint32_t text = 0;  // written into the kernel's text
  std::uint32_t seed = 0;  // handed over at launch
};
[[nodiscard]] Salt salt_of(const char* nonce);

}  // namespace cudaenv::probe
