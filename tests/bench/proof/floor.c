/* The least that a program must do to run one kernel: cuInit, the primary context, a ready cubin, a launch, a copy
   back, a look at the values. What a whole proof costs is measured against it.

     floor init                 cuInit and nothing else
     floor launch CUBIN         the whole, left by returning from main
     floor quick CUBIN          the same, left by _exit
     floor release CUBIN        the same, after the context was released

   The cubin has `cudaenv_probe(unsigned* out, unsigned seed)`, which writes (index * 2654435761) ^ seed.
   Milliseconds of each part go to standard output. Exit status 2: wrong values. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4096, BLOCK = 256 };

static void* driver;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double since;
static void lap(const char* what) {
  const double time = now();
  printf("%s %.1f\n", what, time - since);
  since = time;
}

static void* find(const char* name) {
  void* symbol = dlsym(driver, name);
  if (symbol == NULL) {
    fprintf(stderr, "floor: no %s\n", name);
    exit(1);
  }
  return symbol;
}

static void need(int result, const char* call) {
  if (result == 0) return;
  fprintf(stderr, "floor: %s answers %d\n", call, result);
  exit(1);
}

static char* read_all(const char* path) {
  FILE* file = fopen(path, "rb");
  char* bytes = calloc(1, 1 << 20);
  if (file == NULL || bytes == NULL || fread(bytes, 1, (1 << 20) - 1, file) == 0) {
    fprintf(stderr, "floor: cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  return bytes;
}

static int launch(const char* cubin) {
  int (*device_get)(int*, int) = (int (*)(int*, int))find("cuDeviceGet");
  int (*retain)(void**, int) = (int (*)(void**, int))find("cuDevicePrimaryCtxRetain");
  int (*set)(void*) = (int (*)(void*))find("cuCtxSetCurrent");
  int (*load)(void**, const void*, unsigned, int*, void**) =
      (int (*)(void**, const void*, unsigned, int*, void**))find("cuModuleLoadDataEx");
  int (*function_of)(void**, void*, const char*) = (int (*)(void**, void*, const char*))find("cuModuleGetFunction");
  int (*allocate)(uint64_t*, size_t) = (int (*)(uint64_t*, size_t))find("cuMemAlloc_v2");
  int (*run)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**) =
      (int (*)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**))find("cuLaunchKernel");
  int (*copy)(void*, uint64_t, size_t) = (int (*)(void*, uint64_t, size_t))find("cuMemcpyDtoH_v2");
  int device = 0;
  void *context = NULL, *module = NULL, *function = NULL;
  uint64_t memory = 0;
  unsigned seed = (unsigned)getpid();
  static unsigned values[THREADS];
  void* parameters[] = {&memory, &seed};
  need(device_get(&device, 0), "cuDeviceGet");
  need(retain(&context, device), "cuDevicePrimaryCtxRetain");
  need(set(context), "cuCtxSetCurrent");
  lap("context");
  need(load(&module, read_all(cubin), 0, NULL, NULL), "cuModuleLoadDataEx");
  need(function_of(&function, module, "cudaenv_probe"), "cuModuleGetFunction");
  need(allocate(&memory, sizeof values), "cuMemAlloc");
  need(run(function, THREADS / BLOCK, 1, 1, BLOCK, 1, 1, 0, NULL, parameters, NULL), "cuLaunchKernel");
  need(copy(values, memory, sizeof values), "cuMemcpyDtoH");
  for (unsigned i = 0; i < THREADS; ++i)
    if (values[i] != ((i * 2654435761U) ^ seed)) return 2;
  lap("launch");
  return 0;
}

static void release(void) {
  int (*give_back)(int) = (int (*)(int))find("cuDevicePrimaryCtxRelease_v2");
  need(give_back(0), "cuDevicePrimaryCtxRelease");
  lap("release");
}

int main(int argc, char** argv) {
  if (argc < 2 || (strcmp(argv[1], "init") != 0 && argc != 3)) return 1;
  since = now();
  driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == NULL) {
    fprintf(stderr, "floor: %s\n", dlerror());
    return 1;
  }
  lap("load");
  int (*init)(unsigned) = (int (*)(unsigned))find("cuInit");
  need(init(0), "cuInit");
  lap("cuInit");
  if (strcmp(argv[1], "init") == 0) return 0;
  const int status = launch(argv[2]);
  if (strcmp(argv[1], "release") == 0) release();
  if (strcmp(argv[1], "launch") == 0) return status;
  fflush(stdout);
  _exit(status);
}
