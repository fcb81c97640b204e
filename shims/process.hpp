// The process a shim starts in, and the one it becomes.
#pragma once

#include <string_view>

#include "kernel.hpp"

namespace cudaenv::shim {

struct Process {
  char** arguments;  // never null; ends with a null pointer
  char** environment;
  std::uint32_t user;  // effective
  bool secure;         // set-user-ID or the like: the environment is somebody else's

  /// The value of a variable; empty where it is unset, which is the same.
  [[nodiscard]] std::string_view variable(std::string_view name) const;
  /// The last part of argv[0].
  [[nodiscard]] std::string_view tool() const;
};

/// `arguments` and `environment` as the kernel laid them out: the auxiliary vector follows the environment.
[[nodiscard]] Process read_process(char** arguments, char** environment);

/// The whole shim. Comes back only with an exit status of its own.
[[nodiscard]] int run(const Process& process);

/// Becomes `program`: argv[0] is that path, the `skipped` arguments after argv[0] are left out, and `more`
/// (NAME=value, at most four, nulls ignored) replace variables of the same name. Comes back with the kernel's error.
[[nodiscard]] long become(const Process& process, char* program, int skipped, char* const (&more)[4]);

}  // namespace cudaenv::shim
