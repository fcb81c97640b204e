// Header fields of HTTP that decide something here, parsed strictly. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cudaenv::fetch {

/// "bytes 5-9/10" or "bytes 5-9/*" (RFC 9110, 14.4); anything else, also "bytes */10", is nullopt.
struct ContentRange {
  std::uint64_t first = 0, last = 0;
  std::optional<std::uint64_t> total;
  bool operator==(const ContentRange&) const = default;
};
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view text);

/// Seconds to wait from a Retry-After: a number, or a date of the form that RFC 9110, 5.6.7 prefers; 0 for one
/// that has passed. `now` in seconds since 1970. Garbage is nullopt.
[[nodiscard]] std::optional<std::uint64_t> parse_retry_after(std::string_view text, std::int64_t now);

/// Whether an ETag may guard a range: quoted, and not weak.
[[nodiscard]] bool is_strong_etag(std::string_view etag);

}  // namespace cudaenv::fetch
