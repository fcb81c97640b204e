/* A libcudart over plain memory; FAKE_CUDART_ERROR is what cudaMalloc answers, FAKE_CUDART_LAUNCH what a launch does.
   FAKE_CUDART_OLD has no way to launch but code that nvcc generated, as before 12.1. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef FAKE_CUDART_ERROR
#define FAKE_CUDART_ERROR 0
#endif
#ifndef FAKE_CUDART_LAUNCH
#define FAKE_CUDART_LAUNCH 0
#endif

EXPORT int cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return 0;
}
EXPORT int cudaSetDevice(int device) { return device < 0; }
EXPORT int cudaMalloc(void** memory, size_t bytes) {
  if (FAKE_CUDART_ERROR != 0) return FAKE_CUDART_ERROR;
  *memory = malloc(bytes);
  return *memory == NULL ? 2 : 0;
}
EXPORT int cudaMemcpy(void* target, const void* source, size_t bytes, int kind) {
  (void)kind;
  memcpy(target, source, bytes);
  return 0;
}
EXPORT int cudaFree(void* memory) {
  free(memory);
  return 0;
}
EXPORT const char* cudaGetErrorName(int error) { return error == 35 ? "cudaErrorInsufficientDriver" : "cudaError"; }

#ifndef FAKE_CUDART_OLD
struct dim3 {
  unsigned x, y, z;
};
/* The library and its kernel are the constant in the image's text. */
EXPORT int cudaLibraryLoadData(void** library, const char* image, int* jit, void** values, unsigned n, int* keys, void** more,
                               unsigned m) {
  (void)jit, (void)values, (void)n, (void)keys, (void)more, (void)m;
  const char* constant = strstr(image, "index + 0x");
  if (constant == NULL) constant = strstr(image, "%index, 0x");
  if (constant == NULL) return 200;
  *library = (void*)(uintptr_t)strtoul(constant + 10, NULL, 16);
  return 0;
}
EXPORT int cudaLibraryGetKernel(void** kernel, void* library, const char* name) {
  *kernel = library;
  return strcmp(name, "cudaenv_probe") == 0 ? 0 : 500;
}
EXPORT int cudaLibraryUnload(void* library) {
  (void)library;
  return 0;
}
EXPORT int cudaLaunchKernel(void* kernel, struct dim3 grid, struct dim3 block, void** parameters, size_t shared, void* stream) {
  (void)shared, (void)stream;
  uint32_t* out = *(uint32_t**)parameters[0];
  const uint32_t seed = *(uint32_t*)parameters[1], salt = (uint32_t)(uintptr_t)kernel;
  for (uint32_t i = 0; i < grid.x * block.x; ++i) out[i] = ((i + salt) * 2654435761U) ^ seed;
  return FAKE_CUDART_LAUNCH;
}
EXPORT int cudaDeviceSynchronize(void) { return 0; }
#endif
