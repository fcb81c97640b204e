// The programs of the smoke test. Small on purpose: two cores compile the lot in seconds.
#pragma once

#include <string_view>

namespace cudaenv::verify {

/// A kernel with the headers that programs use most; prints the version of the runtime it was linked with, or the
/// error where a runtime of CUDA 11 wants a driver first.
inline constexpr std::string_view cuda_program = R"(#include <cstdio>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
__global__ void twice(float* x, __half* y) {
  x[threadIdx.x] *= 2.0f;
  y[threadIdx.x] = __float2half(x[threadIdx.x]);
}
int main(int argc, char**) {
  if (argc > 1) twice<<<1, 32>>>(nullptr, nullptr);
  int version = 0;
  const int error = cudaRuntimeGetVersion(&version);
  std::printf(error ? "error %d\n" : "%d\n", error ? error : version);
  return error || version == CUDART_VERSION ? 0 : 3;
}
)";

/// The program of the nvcc step: a kernel whose every value depends on a number in its text (SALT) and on one that is
/// handed over; prints a digest of what came back from the GPU. argv: seed, device.
inline constexpr unsigned nvcc_values = 4096;
inline constexpr std::string_view nvcc_program = R"(#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
__global__ void fill(unsigned* values, unsigned seed) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  values[i] = ((i + SALT) * 2654435761u) ^ seed;
}
static void need(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "error: %s answers %d %s\n", call, static_cast<int>(error), cudaGetErrorName(error));
  std::exit(3);
}
int main(int argc, char** argv) {
  static unsigned values[4096];
  unsigned* memory = nullptr;
  if (argc != 3) return 2;
  need(cudaSetDevice(std::atoi(argv[2])), "cudaSetDevice");
  need(cudaMalloc(&memory, sizeof values), "cudaMalloc");
  fill<<<16, 256>>>(memory, static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)));
  need(cudaGetLastError(), "the launch");
  need(cudaMemcpy(values, memory, sizeof values, cudaMemcpyDeviceToHost), "cudaMemcpy");
  unsigned long long digest = 14695981039346656037ull;
  for (unsigned value : values) digest = (digest ^ value) * 1099511628211ull;
  std::printf("%016llx\n", digest);
}
)";

/// Links against the driver's library, with names that cuda.h renames (cuMemAlloc is cuMemAlloc_v2).
inline constexpr std::string_view driver_program = R"(#include <cuda.h>
int main() {
  CUdevice device = 0;
  CUdeviceptr memory = 0;
  return cuInit(0) || cuDeviceGet(&device, 0) || cuMemAlloc(&memory, 4) || cuMemFree(memory);
}
)";

/// Compiles a kernel to PTX at run time: libnvrtc and the builtins it loads.
inline constexpr std::string_view nvrtc_program = R"(#include <nvrtc.h>
#include <cstdio>
int main() {
  nvrtcProgram program;
  int major = 0, minor = 0;
  if (nvrtcVersion(&major, &minor) != NVRTC_SUCCESS) return 3;
  const char* source = "extern \"C\" __global__ void twice(float* x) { x[threadIdx.x] *= 2.0f; }";
  if (nvrtcCreateProgram(&program, source, "twice.cu", 0, nullptr, nullptr) != NVRTC_SUCCESS) return 4;
  if (nvrtcCompileProgram(program, 0, nullptr) != NVRTC_SUCCESS) return 5;
  size_t size = 0;
  if (nvrtcGetPTXSize(program, &size) != NVRTC_SUCCESS || size < 64) return 6;
  std::printf("%d.%d\n", major, minor);
  return 0;
}
)";

/// The runtime without its headers, which a runtime-only toolkit may not have whole.
inline constexpr std::string_view runtime_program = R"(#include <cstdio>
extern "C" int cudaRuntimeGetVersion(int* version);
int main() {
  int version = 0;
  const int error = cudaRuntimeGetVersion(&version);
  std::printf(error ? "error %d\n" : "%d\n", error ? error : version);
  return error || version > 0 ? 0 : 4;
}
)";

}  // namespace cudaenv::verify
