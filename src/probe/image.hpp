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
  char way[16] = {};        // nvrtc, ptxas, nvcc, text, file
  char error[512] = {};     // empty on success
  double ms = 0;            // the compilation alone
};

/// Makes images by the toolkit's own compiler. `prepare` needs no device and takes milliseconds (it loads
/// NVRTC); it may run while the driver initialises. `compile` needs the device's compute capability (90).
class Compiler {
 public:
  void prepare(const Options& options);
  [[nodiscard]] Image compile(Kind kind, int cc) const;

 private:
  [[nodiscard]] Image by_nvrtc(Kind kind, int cc) const;
  const Options* options_ = nullptr;
  void* nvrtc_ = nullptr;
  char nvrtc_error_[512] = {};
};

/// The newest target of `archs` ("75,80,86") that runs on `cc`: for SASS of the same major only. 0: none.
[[nodiscard]] int choose_target(const char* archs, Kind kind, int cc);
[[nodiscard]] int choose_target(const int* archs, int count, Kind kind, int cc);

/// The whole file with a zero byte behind it.
void read_image(const char* path, Image& image);

/// SASS by the toolkit's ptxas from PTX of ours; PTX by its nvcc, else PTX of ours at the toolkit's own ISA.
[[nodiscard]] Image by_tools(const Options& options, Kind kind, int cc);

}  // namespace cudaenv::probe
