/* A libnccl over plain memory, all GPUs in one process: the group's end adds what its calls named. */
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))
#ifndef FAKE_PLAN
#define FAKE_PLAN 0 /* 1: ncclCommInitAll answers 2; 2: the last GPU gets a wrong sum */
#endif

static struct {
  const float* in;
  float* out;
} calls[64];
static int asked, wanted;
static size_t elements;

EXPORT int ncclGetVersion(int* version) {
  *version = 22809;
  return 0;
}
EXPORT const char* ncclGetErrorString(int result) { return result == 2 ? "unhandled system error" : "error"; }
EXPORT const char* ncclGetLastError(void* communicator) {
  (void)communicator;
  return FAKE_PLAN == 1 ? "fake: no space left in /dev/shm" : "";
}
EXPORT int ncclCommInitAll(void** communicators, int gpus, const int* list) {
  if (FAKE_PLAN == 1 || list != NULL) return 2;
  for (int i = 0; i < gpus; ++i) communicators[i] = &calls[i];
  wanted = gpus;
  return 0;
}
EXPORT int ncclGroupStart(void) { return 0; }
EXPORT int ncclAllReduce(const float* in, float* out, size_t count, int type, int operation, void* communicator, void* stream) {
  if (type != 7 || operation != 0 || communicator != &calls[asked] || stream == NULL) return 4;
  calls[asked].in = in, calls[asked].out = out;
  elements = count;
  ++asked;
  return 0;
}
EXPORT int ncclGroupEnd(void) {
  if (asked != wanted) return 5;
  for (size_t i = 0; i < elements; ++i) {
    float sum = 0;
    for (int rank = 0; rank < asked; ++rank) sum += calls[rank].in[i];
    for (int rank = 0; rank < asked; ++rank) calls[rank].out[i] = sum;
  }
  if (FAKE_PLAN == 2) calls[asked - 1].out[elements - 1] += 1;
  return 0;
}
