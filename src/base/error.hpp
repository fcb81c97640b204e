// Errors are values: a code, one sentence, the causes each layer added, and a command that helps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cudaenv {

/// Why a command failed. The numeric value is the process's exit status (README, "Exit status").
enum class Code : std::uint8_t {
  ok = 0,
  internal = 1,         // a fault of ours
  usage = 2,            // the command line is wrong
  config = 3,           // a project file or the configuration is wrong
  no_such_version = 4,  // no channel offers it
  not_installed = 5,    // known, but not on this disk
  network = 6,          // a channel could not be reached
  integrity = 7,        // bytes differ from what was promised
  driver = 8,           // the driver or GPU refuses
  io = 9,               // no space, no permission, I/O
  locked = 75,          // another process holds the lock
  not_found = 127,      // `run` and the shims: no such command or toolkit
  interrupted = 130,    // Ctrl-C
};

/// The stable name of a code in `--json` errors, e.g. "not-installed".
[[nodiscard]] std::string_view code_name(Code code);

/// A failure on its way to the person who asked. `what` is lower case, verb + object + thing in
/// backquotes, without a final stop. `causes` run from the nearest to the root. `hint` is a
/// command that can be run, or empty.
struct Error {
  Code code = Code::internal;
  std::string what;
  std::vector<std::string> causes;
  std::string hint;

  /// Adds one clause in front: the old `what` becomes the first cause.
  [[nodiscard]] Error wrap(std::string outer) &&;
  [[nodiscard]] Error with_hint(std::string text) &&;
};

[[nodiscard]] inline Error make_error(Code code, std::string what, std::string cause = {}, std::string hint = {}) {
  Error error{code, std::move(what), {}, std::move(hint)};
  if (!cause.empty()) error.causes.push_back(std::move(cause));
  return error;
}

}  // namespace cudaenv
