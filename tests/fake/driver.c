/* A libcuda.so.1 that behaves as its definitions say: FAKE_<what>. The variants are in CMakeLists.txt beside.
   The working one really computes what the probe's kernel would: it reads the kernel's constant out of the
   image that libnvrtc (also a fake) hands over, so that an altered text or value is noticed. */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#ifndef FAKE_INIT
#define FAKE_INIT 0
#endif
#ifndef FAKE_VERSION
#define FAKE_VERSION 13000
#endif
#ifndef FAKE_DEVICES
#define FAKE_DEVICES 1
#endif
#ifndef FAKE_CC
#define FAKE_CC 90
#endif
#ifndef FAKE_CONTEXT
#define FAKE_CONTEXT 0
#endif
#ifndef FAKE_SASS
#define FAKE_SASS 0
#endif
#ifndef FAKE_PTX
#define FAKE_PTX 0
#endif
#ifndef FAKE_SYNC
#define FAKE_SYNC 0
#endif
#ifndef FAKE_CRASH
#define FAKE_CRASH ""
#endif
#ifndef FAKE_NAME
#define FAKE_NAME "Fake GPU"
#endif

/* With FAKE_ONLY, one device alone has the faults. */
#ifdef FAKE_ONLY
#define FAULTY(device) ((device) == FAKE_ONLY)
#else
#define FAULTY(device) ((void)(device), 1)
#endif
static int contexts[64];
static __thread int current; /* the device of this thread's context */

static void sleep_for_ever(void) {
  for (;;) pause();
}

static void misbehave(const char* where) {
  const char* plan = FAKE_CRASH; /* "<how>@<where>" */
  const char* at = strchr(plan, '@');
  if (at == NULL || strcmp(at + 1, where) != 0) return;
  const size_t size = (size_t)(at - plan);
#define PLAN(text) (size == sizeof text - 1 && strncmp(plan, text, size) == 0)
  if (PLAN("hang")) sleep_for_ever();
  if (PLAN("exit")) exit(0);
  if (PLAN("segv")) *(volatile char*)(uintptr_t)strlen(where) = 1; /* an address the compiler cannot see through */
  if (PLAN("abort")) abort();
  if (PLAN("close")) {
    for (int fd = 0; fd < 1024; ++fd) close(fd);
    for (int fd = 0; fd < 4; ++fd) (void)!freopen("/dev/null", "w", stdout); /* takes the free numbers */
  }
  if (PLAN("noise"))
    for (int i = 0; i < 100000; ++i) fprintf(i % 2 ? stderr : stdout, "noise %d sass.error=0 done=1\n", i);
  if (PLAN("fork") && fork() == 0) {
    setsid();
    sleep(20); /* holds every inherited pipe long after the probe */
    _exit(0);
  }
  if (PLAN("stubborn")) {
    signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
  }
  if (PLAN("slow")) {
    struct timespec time = {1, 500000000};
    nanosleep(&time, NULL);
  }
  if (PLAN("greedy")) {
    /* Touches nothing: address space alone must not make the proof fail. */
    if (malloc((size_t)4 << 30) == NULL) abort();
  }
  if (PLAN("glutton"))
    for (int i = 0; i < 64; ++i) { /* 4 GiB, every page touched */
      char* taken = malloc((size_t)64 << 20);
      if (taken == NULL) abort();
      memset(taken, 1, (size_t)64 << 20);
    }
  if (PLAN("daemon") && fork() == 0) {
    /* Out of the process group, out of the session, and nobody's child: only a reaper above the probe finds it. */
    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (fork() != 0) _exit(0);
    setsid();
    sleep(30);
    _exit(0);
  }
  if (PLAN("stop")) raise(SIGSTOP);
  if (PLAN("orphan")) {
    kill(getppid(), SIGKILL); /* the supervisor */
    sleep_for_ever();
  }
  if (PLAN("forge")) {
    /* Every descriptor gets what looks like a proof, without the nonce. */
    static const char text[] = "done=1\n00000000 done=1\n00000000000000000000000000000000 sass.error=0\n";
    for (int fd = 1; fd < 16; ++fd) (void)!write(fd, text, sizeof text - 1);
    _exit(0);
  }
  if (PLAN("fill")) {
    static char block[1 << 16];
    for (int i = 0; i < 1 << 12 && write(3, block, sizeof block) > 0; ++i) {} /* 256 MiB into the record channel */
  }
  if (PLAN("masks")) {
    sigset_t every; /* what a driver does to the process must not keep the manager from ending it */
    sigfillset(&every);
    sigprocmask(SIG_SETMASK, &every, NULL);
    umask(0777);
    if (chdir("/proc") != 0) abort();
  }
}

__attribute__((constructor)) static void constructed(void) { misbehave("constructor"); }
__attribute__((destructor)) static void destroyed(void) { misbehave("destructor"); }

EXPORT int cuInit(unsigned flags) {
  (void)flags;
  misbehave("init");
  return FAKE_INIT;
}
#ifndef FAKE_LACKS_VERSION
EXPORT int cuDriverGetVersion(int* version) {
  *version = FAKE_VERSION;
  return 0;
}
#endif
EXPORT int cuGetErrorName(int error, const char** name) {
  static char text[32];
  snprintf(text, sizeof text, "CUDA_ERROR_FAKE_%d", error);
  *name = text;
  return 0;
}
EXPORT int cuDeviceGetCount(int* count) {
  *count = FAKE_DEVICES;
  return 0;
}
EXPORT int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return ordinal < FAKE_DEVICES ? 0 : 101;
}
EXPORT int cuDeviceGetName(char* name, int size, int device) {
  snprintf(name, (size_t)size, "%s %d", FAKE_NAME, device);
  return 0;
}
EXPORT int cuDeviceGetUuid_v2(unsigned char* uuid, int device) {
  memset(uuid, 0x11 * (device + 1), 16);
  return 0;
}
EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  (void)device;
  *bytes = (size_t)80 << 30;
  return 0;
}
EXPORT int cuDeviceGetAttribute(int* value, int attribute, int device) {
#ifdef FAKE_MIXED
  static const int kinds[] = FAKE_MIXED;
  const int cc = kinds[(size_t)device % (sizeof kinds / sizeof *kinds)];
#else
  const int cc = FAKE_CC;
  (void)device;
#endif
  *value = attribute == 75 ? cc / 10 : attribute == 76 ? cc % 10 : 0;
  return 0;
}
EXPORT int cuDevicePrimaryCtxRetain(void** context, int device) {
  if (FAULTY(device)) misbehave("context");
  *context = &contexts[device];
  return FAULTY(device) ? FAKE_CONTEXT : 0;
}
EXPORT int cuCtxSetCurrent(void* context) {
  if (context == NULL) return 201;
  current = (int)((int*)context - contexts);
  return 0;
}
EXPORT int cuCtxSynchronize(void) {
  if (FAULTY(current)) misbehave("sync");
  return FAULTY(current) ? FAKE_SYNC : 0;
}

struct module {
  uint32_t salt;
  int device;
};

EXPORT int cuModuleLoadDataEx(void** module, const char* image, unsigned count, int* keys, void** values) {
  static struct module every[64];
  struct module* loaded = &every[current];
  const int is_sass = strncmp(image, "FAKE-SASS", 9) == 0;
  if (FAULTY(current)) misbehave(is_sass ? "load-sass" : "load-ptx");
  if (is_sass && FAKE_SASS != 0 && FAULTY(current)) return FAKE_SASS;
  if (!is_sass && FAKE_PTX != 0 && FAULTY(current)) {
    if (count == 2 && keys[0] == 5) snprintf(values[0], 64, "fake JIT says no");
    return FAKE_PTX;
  }
  /* `index + 0x….` of CUDA C++, `%index, 0x…;` of the PTX text. */
  const char* constant = strstr(image, "index + 0x");
  if (constant != NULL) constant += 10;
  else if ((constant = strstr(image, "%index, 0x")) != NULL) constant += 10;
  if (constant == NULL) return 200;
  loaded->device = current;
  loaded->salt = (uint32_t)strtoul(constant, NULL, 16);
  *module = loaded;
  return 0;
}
EXPORT int cuModuleGetFunction(void** function, void* module, const char* name) {
  *function = module;
  return strcmp(name, "cudaenv_probe") == 0 ? 0 : 500;
}
EXPORT int cuModuleUnload(void* module) { return module == NULL; }
EXPORT int cuMemAlloc_v2(uint64_t* pointer, size_t bytes) {
  void* memory = malloc(bytes);
  *pointer = (uint64_t)(uintptr_t)memory;
  return memory == NULL ? 2 : 0;
}
EXPORT int cuMemFree_v2(uint64_t pointer) {
  free((void*)(uintptr_t)pointer);
  return 0;
}
EXPORT int cuMemsetD32_v2(uint64_t pointer, unsigned value, size_t words) {
  for (size_t i = 0; i < words; ++i) ((uint32_t*)(uintptr_t)pointer)[i] = value;
  return 0;
}
EXPORT int cuMemcpyHtoD_v2(uint64_t target, const void* source, size_t bytes) {
  memcpy((void*)(uintptr_t)target, source, bytes);
  return 0;
}
/* What only the toolkit's libraries ask for: all work is done when its call returns, and takes 2 ms. */
EXPORT int cuEventCreate(void** event, unsigned flags) {
  static int one;
  (void)flags;
  *event = &one;
  return 0;
}
EXPORT int cuEventRecord(void* event, void* stream) {
  (void)stream;
  return event == NULL;
}
EXPORT int cuEventSynchronize(void* event) { return event == NULL; }
EXPORT int cuEventElapsedTime(float* ms, void* begin, void* end) {
  *ms = 2;
  return begin == NULL || end == NULL;
}
EXPORT int cuStreamCreate(void** stream, unsigned flags) { return cuEventCreate(stream, flags); }
EXPORT int cuStreamSynchronize(void* stream) { return stream == NULL; }
EXPORT int cuMemcpyDtoH_v2(void* target, uint64_t source, size_t bytes) {
  memcpy(target, (void*)(uintptr_t)source, bytes);
  return 0;
}
#ifndef FAKE_LACKS_LAUNCH
EXPORT int cuLaunchKernel(struct module* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                          unsigned bz, unsigned shared, void* stream, void** parameters, void** extra) {
  (void)shared, (void)stream, (void)extra;
  if (function->device != current) return 400; /* a module of another context */
  if (FAULTY(current)) misbehave("launch");
#ifndef FAKE_IDLE
  uint32_t* out = (uint32_t*)(uintptr_t)*(uint64_t*)parameters[0];
  const uint32_t seed = *(uint32_t*)parameters[1];
  for (uint32_t i = 0; i < gx * gy * gz * bx * by * bz; ++i) out[i] = ((i + function->salt) * 2654435761U) ^ seed;
#ifdef FAKE_FLIP
  if (FAULTY(current)) out[FAKE_FLIP] ^= 1U;
#endif
#else
  (void)function, (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz, (void)parameters;
#endif
  return 0;
}
#endif
