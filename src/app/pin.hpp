// `cudaenv local`: writing a project's `.cudaenv`.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

struct PinRequest {
  std::string spec;                  // empty: leave the toolkit as it is
  std::vector<std::string> with;     // "cudnn@9"
  std::vector<std::string> require;  // "driver=>=570.26", "driver>=570.26", "torch=cu128"
};

/// Changes the `.cudaenv` of the working directory, or makes it; everything else it says stays byte for
/// byte. Returns its path. A file that does not parse is left alone (Code::config).
[[nodiscard]] Result<std::string> write_pin(const World& world, const PinRequest& request);

/// Code::usage where `spec` is none.
[[nodiscard]] Result<void> check_spec(const std::string& spec);

}  // namespace cudaenv::app
