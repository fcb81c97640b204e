// Images of the test kernel, made by the toolkit under proof.
#pragma once

#include <cstddef>

#include "probe/options.hpp"

namespace cudaenv::probe {

enum class Kind { sass, ptx };

/// Bytes that the driver can load, or why there are none.
struct Image {
  char* bytes = nullptr;    // ends with a zero byte; never freed: the process ends soon
  std::size_t size = 0;     // without that zero
  char target[24] = {};     // "sm_90", "compute_90"
  char way[16] = {};        // nvrtc, ptxas, nvcc, text (ours, at the toolkit's ISA), carried (ours, older than any driver), file
  char error[512] = {};     // empty on success
  double ms = 0;            // the compilation alone
};

using Program = void*;

struct NvrtcApi {
  int (*version)(int*, int*) = nullptr;
  int (*arch_count)(int*) = nullptr;  // from 11.2
  int (*archs)(int*) = nullptr;
  int (*create)(Program*, const char* text, const char* name, int headers, const char* const*, const char* const*) = nullptr;
  int (*compile)(Program, int count, const char* const* options) = nullptr;
  int (*log_size)(Program, std::size_t*) = nullptr;
  int (*log)(Program, char*) = nullptr;
  int (*cubin_size)(Program, std::size_t*) = nullptr;  // from 11.1
  int (*cubin)(Program, char*) = nullptr;
  int (*ptx_size)(Program, std::size_t*) = nullptr;
  int (*ptx)(Program, char*) = nullptr;
};

/// Makes images by the toolkit's own compiler. `prepare` needs no device and takes milliseconds (it loads
/// NVRTC and records nvrtc.path, nvrtc.version); it may run while the driver initialises.
class Compiler {
 public:
  void prepare(const Options& options);
  /// The architecture an image for `cc` would be made for; 0 where there is none.
  [[nodiscard]] int target_for(Kind kind, int cc) const;
  /// Thread-safe.
  [[nodiscard]] Image compile(Kind kind, int cc, int target) const;

 private:
  [[nodiscard]] Image by_nvrtc(Kind kind, int target) const;
  const Options* options_ = nullptr;
  void* nvrtc_ = nullptr;
  NvrtcApi api_;
  char nvrtc_error_[512] = {};
};

/// The newest target of `archs` ("75,80,86") that runs on `cc`: for SASS of the same major only. 0: none.
[[nodiscard]] int choose_target(const char* archs, Kind kind, int cc);
[[nodiscard]] int choose_target(const int* archs, int count, Kind kind, int cc);

/// The whole file with a zero byte behind it.
void read_image(const char* path, Image& image);

/// SASS by the toolkit's ptxas from PTX of ours; PTX by its nvcc, else PTX of ours at the toolkit's own ISA. Without
/// either tool there is no SASS, and the PTX is `carried`: nothing of the toolkit, a launch that any driver can do.
[[nodiscard]] Image by_tools(const Options& options, Kind kind, int cc, int target);

}  // namespace cudaenv::probe
