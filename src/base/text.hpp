// Small pure functions over text that the standard library lacks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cudaenv {

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);  // ASCII only
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// Decimal digits only, the whole text; nothing else, no sign, no overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);
/// 64 lower- or upper-case hex digits; returns them in lower case.
[[nodiscard]] std::optional<std::string> parse_sha256(std::string_view text);
/// "104.3 MB" (decimal units, as the wheel index and curl print them).
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// Text from outside made safe to print on a terminal: control characters and bytes that are not UTF-8 become
/// \xNN, invisible and direction-changing characters \uNNNN; cut at `max` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max = 200);

/// Takes one code point off the front of `text`; nullopt (and `text` unchanged) when it is not strict UTF-8.
[[nodiscard]] std::optional<char32_t> take_utf8(std::string_view& text);
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace cudaenv
