// Changes to a `.cudaenv` that keep everything else byte for byte: comments, order, quotes, line ends.
// For the manager only: allocates.
#pragma once

#include <string>
#include <string_view>

namespace cudaenv {

/// The text with another toolkit. Where it names none yet, a file without any key becomes the one-line
/// form and TOML gets a `toolkit` line before its first key. Each function here expects a `text` that
/// parse_pin accepts or that says nothing, and a value that its check in spec.hpp or pin_value.hpp
/// accepts; anything else comes back unchanged.
[[nodiscard]] std::string set_toolkit(std::string_view text, std::string_view spec);

/// The text with `component` (`cudnn@9`) among its components: in the place of the same name with
/// another version, else last. The one-line form becomes TOML.
[[nodiscard]] std::string add_component(std::string_view text, std::string_view component);

/// The text with `key` (driver, compute_capability or torch) of [require] set to `value`. The one-line
/// form becomes TOML.
[[nodiscard]] std::string set_require(std::string_view text, std::string_view key, std::string_view value);

}  // namespace cudaenv
