// Who put a libcuda where the dynamic linker finds it first, and what takes it out of the way again.
#pragma once

#include <string>
#include <string_view>

#include "sys/world.hpp"

namespace cudaenv::verify {

struct LibcudaOrigin {
  std::string folder;    // as the dynamic linker names it; empty where none was found
  std::string from;      // "LD_LIBRARY_PATH names /usr/local/cuda/compat"
  std::string remedy;    // a command without that folder: "export LD_LIBRARY_PATH=/opt/lib"
  bool system = false;   // a default folder of the linker: its libcuda is the installed driver's
};

/// `found` is the library's path as the linker found it, before links are followed. Looks into $CUDAENV_LIBCUDA,
/// $LD_LIBRARY_PATH, and the files below `root`/etc/ld.so.conf.d (root "" is the real one).
[[nodiscard]] LibcudaOrigin find_libcuda_origin(const Environment& env, std::string_view found, const std::string& root);

}  // namespace cudaenv::verify
