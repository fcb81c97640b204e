/* A libnvidia-ml.so.1 that lies beside a fake libcuda and says what its definitions tell: FAKE_GPUS, FAKE_NVML (the
   answer of nvmlInit), FAKE_MIG (instances of GPU 0; 0: MIG mode without any), FAKE_KINDS, FAKE_HANGS. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#ifndef FAKE_GPUS
#define FAKE_GPUS 1
#endif
#ifndef FAKE_NVML
#define FAKE_NVML 0
#endif
#ifndef FAKE_MIG
#define FAKE_MIG -1
#endif

/* Handles: 1 and up are GPUs, 101 and up instances of GPU 0. */
static long number(void* handle) { return (long)handle; }

EXPORT int nvmlInit_v2(void) {
#ifdef FAKE_HANGS
  for (;;) pause();
#endif
  return FAKE_NVML;
}
EXPORT const char* nvmlErrorString(int error) { return error == 18 ? "Driver/library version mismatch" : "fake"; }
EXPORT int nvmlSystemGetDriverVersion(char* text, unsigned size) {
  snprintf(text, size, "580.159.04");
  return FAKE_NVML;
}
EXPORT int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = FAKE_GPUS;
  return 0;
}
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
  if (index >= FAKE_GPUS) return 2;
  *handle = (void*)(long)(index + 1);
  return 0;
}
/* The same UUIDs as the fake driver's devices: bytes of 0x11, of 0x22, … */
EXPORT int nvmlDeviceGetUUID(void* handle, char* text, unsigned size) {
  const long one = number(handle);
  const int digit = (int)(one > 100 ? one - 90 : one);
  const char digits[] = "0123456789abcdef";
  char body[40];
  memset(body, digits[digit & 15], 36);
  body[8] = body[13] = body[18] = body[23] = '-';
  body[36] = '\0';
  snprintf(text, size, "%s-%s", one > 100 ? "MIG" : "GPU", body);
  return 0;
}
EXPORT int nvmlDeviceGetName(void* handle, char* text, unsigned size) {
#ifdef FAKE_KINDS
  snprintf(text, size, "Fake kind %ld", number(handle));
#else
  (void)handle;
  snprintf(text, size, "Fake GPU");
#endif
  return 0;
}
struct pci {
  char legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
EXPORT int nvmlDeviceGetPciInfo_v3(void* handle, struct pci* pci) {
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02lX:00.0", number(handle) * 16);
  return 0;
}
EXPORT int nvmlDeviceGetCudaComputeCapability(void* handle, int* major, int* minor) {
  (void)handle;
  *major = 9;
  *minor = 0;
  return 0;
}
EXPORT int nvmlDeviceGetMemoryInfo(void* handle, unsigned long long* memory) {
  (void)handle;
  memory[0] = 80ULL << 30;
  memory[1] = memory[2] = 0;
  return 0;
}
EXPORT int nvmlDeviceGetMigMode(void* handle, unsigned* current, unsigned* pending) {
  *current = *pending = FAKE_MIG >= 0 && number(handle) == 1;
  return 0;
}
EXPORT int nvmlDeviceGetMaxMigDeviceCount(void* handle, unsigned* count) {
  (void)handle;
  *count = 7;
  return 0;
}
/* The first slot is empty, as after an instance was taken away. */
EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(void* handle, unsigned slot, void** instance) {
  (void)handle;
  if (slot == 0 || (int)slot > FAKE_MIG) return 6;
  *instance = (void*)(long)(100 + slot);
  return 0;
}
EXPORT int nvmlDeviceGetGpuInstanceId(void* handle, unsigned* id) {
  *id = (unsigned)(number(handle) - 94);
  return 0;
}
EXPORT int nvmlDeviceGetComputeInstanceId(void* handle, unsigned* id) {
  (void)handle;
  *id = 0;
  return 0;
}
