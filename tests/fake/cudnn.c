/* A libcudnn over plain memory. Like the real one it finds a part of itself by bare name. */
#include <dlfcn.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef FAKE_PLAN
#define FAKE_PLAN 0 /* 1: the sum is wrong; 2: cudnnAddTensor answers 5000 */
#endif

static int elements;

EXPORT size_t cudnnGetVersion(void) { return 91300; }
EXPORT size_t cudnnGetCudartVersion(void) { return 13000; }
EXPORT const char* cudnnGetErrorString(int status) { return status == 1001 ? "CUDNN_STATUS_NOT_INITIALIZED" : "CUDNN_STATUS"; }
EXPORT int cudnnCreate(void** handle) {
  static int one;
  *handle = &one;
  return dlopen("libcudnn_ops.so.9", RTLD_NOW) != NULL ? 0 : 1001;
}
EXPORT int cudnnCreateTensorDescriptor(void** descriptor) { return cudnnCreate(descriptor); }
EXPORT int cudnnSetTensor4dDescriptor(void* descriptor, int layout, int type, int n, int c, int h, int w) {
  elements = n * c * h * w;
  return descriptor == NULL || layout != 0 || type != 0;
}
EXPORT int cudnnAddTensor(void* handle, const float* alpha, void* a_form, const float* a, const float* beta, void* c_form, float* c) {
  if (FAKE_PLAN == 2 || handle == NULL || a_form != c_form) return 5000;
  for (int i = 0; i < elements; ++i) c[i] = *alpha * a[i] + *beta * c[i];
  if (FAKE_PLAN == 1) c[elements - 1] += 1;
  return 0;
}
