// Where a toolkit's own library or tool lies in its tree.
#pragma once

#include <cstddef>

namespace cudaenv::probe {

/// Folders of a toolkit that hold its libraries, relative to it.
#if defined(__aarch64__)
inline constexpr const char* library_folders[] = {"lib", "lib64", "targets/sbsa-linux/lib", "targets/aarch64-linux/lib"};
#else
inline constexpr const char* library_folders[] = {"lib", "lib64", "targets/x86_64-linux/lib"};
#endif

struct Path {
  char text[4096] = {};
  [[nodiscard]] bool empty() const { return text[0] == '\0'; }
};

/// `<toolkit>/{lib,lib64,targets/<this machine>/lib}/<name>.N`, the shortest name with a number, else the bare
/// name; empty where there is none. `name` is "libnvrtc.so" and the like.
[[nodiscard]] Path find_library(const char* toolkit, const char* name);
/// `<toolkit>/bin/<name>` where it can be executed, else empty.
[[nodiscard]] Path find_tool(const char* toolkit, const char* name);

}  // namespace cudaenv::probe
