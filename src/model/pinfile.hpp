// The one parser of `.cudaenv`, shared by the shim and the manager: strict, allocation-free, fuzzed.
// What it accepts, any TOML 1.0 parser accepts with the same values (the one-line form aside).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/spec.hpp"

namespace cudaenv {

inline constexpr std::size_t pinfile_max_bytes = std::size_t{64} * 1024;

/// Where and why a file was refused. `reason` is a sentence that lives for ever.
struct PinError {
  std::uint32_t line = 0;    // 1-based
  std::uint32_t column = 0;  // 1-based, in bytes
  const char* reason = "";
};

/// The content of a `.cudaenv`. Every view points into the text that was parsed.
struct Pin {
  VersionSpec toolkit;
  std::uint32_t toolkit_line = 0;  // 0: the file names no toolkit
  std::array<std::string_view, 64> component{};
  std::uint8_t components = 0;  // `nvcc`, `cudnn@9`
  std::string_view channel;
  struct Require {
    std::string_view driver;              // ">=570.26": comparison and dotted numbers
    std::string_view compute_capability;  // ">=8.0"
    std::string_view torch;               // "cu128"
    std::uint32_t driver_line = 0, compute_capability_line = 0, torch_line = 0;
  } require;
};

/// Parses the whole text of a `.cudaenv`: one line (`12.8`) or TOML. Accepts a BOM, CRLF, comments
/// and blank lines; refuses NUL, control characters, invalid UTF-8, unknown or repeated keys, escapes,
/// values of the wrong type, anything over pinfile_max_bytes, and a file that says nothing.
[[nodiscard]] bool parse_pin(std::string_view text, Pin& out, PinError& error);

}  // namespace cudaenv
