// What single values of a `.cudaenv` may be. No allocation and no library call: the static shim uses
// this file as it is; `cudaenv local` checks what it is about to write with the same functions.
#pragma once

#include <string_view>

namespace cudaenv {

/// Each answers nullptr where `text` is good, else why not: a sentence that lives for ever.

/// A component and, after `@`, the version wanted of it: `nvcc`, `cudnn@9`. Name: [a-z][a-z0-9_-]{0,62}.
[[nodiscard]] const char* component_fault(std::string_view text);
/// The name of a channel in the user's configuration: [A-Za-z][A-Za-z0-9_-]{0,62}. Never a URL.
[[nodiscard]] const char* channel_fault(std::string_view text);
/// A comparison (>= <= == != > <) and up to four dotted numbers. Leading zeros are good: the driver
/// 580.159.04 has one. One space after the comparison is allowed.
[[nodiscard]] const char* bound_fault(std::string_view text);
/// The build of a torch wheel: `cu` and two to four digits.
[[nodiscard]] const char* torch_fault(std::string_view text);

/// The name of a component without its version: `cudnn` of `cudnn@9`.
[[nodiscard]] std::string_view component_name(std::string_view component);

/// The first byte that a `.cudaenv` may not hold: a control character but tab and line ends, a lone
/// carriage return, or invalid UTF-8. npos where all are good; else `reason` is set.
[[nodiscard]] std::size_t find_bad_byte(std::string_view text, const char*& reason);

}  // namespace cudaenv
