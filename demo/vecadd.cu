// Adds two vectors on the GPU and says which toolkit compiled it. Without a GPU it says so and ends well.
#include <cuda_runtime.h>

#include <cstdio>

__global__ void add(const float* a, const float* b, float* sum, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) sum[i] = a[i] + b[i];
}

int main() {
  int runtime = 0;
  cudaRuntimeGetVersion(&runtime);
  std::printf("compiled with CUDA %d.%d, runtime %d.%d: ", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10,
              runtime / 1000, runtime % 1000 / 10);

  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    std::printf("no GPU to run on here (%s)\n", cudaGetErrorString(found));
    return 0;
  }

  constexpr int n = 1 << 20;
  float *a = nullptr, *b = nullptr, *sum = nullptr;
  if (cudaMallocManaged(&a, n * sizeof(float)) != cudaSuccess || cudaMallocManaged(&b, n * sizeof(float)) != cudaSuccess ||
      cudaMallocManaged(&sum, n * sizeof(float)) != cudaSuccess) {
    std::printf("no memory on the GPU\n");
    return 1;
  }
  for (int i = 0; i < n; ++i) a[i] = static_cast<float>(i), b[i] = 1.0F;
  add<<<(n + 255) / 256, 256>>>(a, b, sum, n);
  const cudaError_t ran = cudaDeviceSynchronize();
  if (ran != cudaSuccess) {
    std::printf("the kernel did not run: %s\n", cudaGetErrorString(ran));
    return 1;
  }
  for (int i = 0; i < n; ++i)
    if (sum[i] != static_cast<float>(i) + 1.0F) {
      std::printf("wrong sum at %d\n", i);
      return 1;
    }
  std::printf("%d sums checked\n", n);
  return 0;
}
