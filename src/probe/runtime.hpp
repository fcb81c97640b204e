// The toolkit's own runtime library.
#pragma once

#include <cstddef>
#include <cstdint>

#include "probe/driver_api.hpp"
#include "probe/image.hpp"

namespace cudaenv::probe {

/// dim3 of the runtime's headers.
struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

struct RuntimeApi {
  int (*version)(int*) = nullptr;
  int (*set_device)(int) = nullptr;
  int (*allocate)(void**, std::size_t) = nullptr;
  int (*copy)(void*, const void*, std::size_t, int kind) = nullptr;
  int (*release)(void*) = nullptr;
  // May be absent: what launches without code that nvcc generated is there from 12.8 on.
  const char* (*error_name)(int) = nullptr;
  int (*launch)(const void* kernel, Dim3 grid, Dim3 block, void** parameters, std::size_t shared, void* stream) = nullptr;
  int (*synchronize)() = nullptr;
  int (*library_load)(void** library, const void* image, int* jit_keys, void** jit_values, unsigned jit_options,
                      int* keys, void** values, unsigned options) = nullptr;
  int (*library_kernel)(void** kernel, void* library, const char* name) = nullptr;
  int (*library_unload)(void* library) = nullptr;
};

class Runtime {
 public:
  /// Loads libcudart of the toolkit where it has one: records cudart.path, cudart.version, or cudart.load_error.
  void load(const char* toolkit);
  /// On one device: allocates, copies there and back, launches `image` where this release can (null: nothing to
  /// launch), frees. Records gpu.<device>.cudart.{error,call,error_name,copied,launch,checked,wrong}; none without
  /// a library.
  void prove(const Options& options, int device, const Image* image) const;

 private:
  int round_trip(int device, void* memory, const char*& call) const;
  bool launch(int device, const Image& image, Salt salt, void* memory, int& error, const char*& call) const;
  RuntimeApi api_;
  bool usable_ = false;
};

}  // namespace cudaenv::probe
