/* A libcudart over plain memory; FAKE_CUDART_ERROR is what cudaMalloc answers. */
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef FAKE_CUDART_ERROR
#define FAKE_CUDART_ERROR 0
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
