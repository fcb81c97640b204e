// Link stubs of the driver's libraries, written without a compiler. Wheels carry no lib/stubs, yet `-lcuda` must
// link on a machine that has no driver. They export what the toolkit's own headers declare and are never on a run
// path (only nvcc.profile and build systems look in lib/stubs).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/platform.hpp"

namespace cudaenv::store {

/// A shared object whose every function returns `answer`, but those that return text.
struct StubLibrary {
  std::string soname;                          // "libcuda.so.1"
  std::vector<std::string> functions;          // made sorted and unique by build_stub
  int answer = 0;
  std::vector<std::string> message_functions;  // of `functions`, those that return `const char*`
  std::string message;                         // what they return
};

/// CUDA_ERROR_STUB_LIBRARY of cuda.h: "the CUDA driver that the application has loaded is a stub library".
inline constexpr int cuda_stub_answer = 34;
/// NVML_ERROR_LIBRARY_NOT_FOUND of nvml.h: NVML has no code for a stub, and this is the one that callers already
/// take for "no driver here".
inline constexpr int nvml_stub_answer = 12;

/// The names that headers declare as functions with a prefix: `CUresult CUDAAPI cuInit(unsigned int Flags);` gives
/// cuInit, `#define cuMemAlloc cuMemAlloc_v2` gives cuMemAlloc_v2 (and cuMemAlloc where it is declared too).
/// `prefix` is "cu" or "nvml"; comments are skipped. Sorted, unique.
[[nodiscard]] std::vector<std::string> declared_functions(std::string_view header, std::string_view prefix);

/// The bytes of an ELF64 shared object with SONAME, dynamic symbols, GNU and SysV hash, dynamic and section headers.
[[nodiscard]] std::string build_stub(const StubLibrary& library, Platform platform);

/// Writes lib/stubs/libcuda.so where include/cuda.h is there, lib/stubs/libnvidia-ml.so where include/nvml.h is,
/// each only where the channel brought none. Returns the relative paths written.
[[nodiscard]] Result<std::vector<std::string>> write_link_stubs(const std::string& tree, Platform platform);

}  // namespace cudaenv::store
