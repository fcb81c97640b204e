#include "fetch/http_fields.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"

namespace cudaenv::fetch {

namespace {

/// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970.
std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT")
    return std::nullopt;
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = parse_u64(text.substr(5, 2)), year = parse_u64(text.substr(12, 4));
  const auto hour = parse_u64(text.substr(17, 2)), minute = parse_u64(text.substr(20, 2)), second = parse_u64(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<std::int64_t>(days) * 86400 + static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  text = trim(text);
  if (!lower(text.substr(0, 6)).starts_with("bytes ")) return std::nullopt;
  text = trim(text.substr(6));
  const auto dash = text.find('-'), slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = parse_u64(text.substr(0, dash)), last = parse_u64(text.substr(dash + 1, slash - dash - 1));
  if (!first || !last || *last < *first) return std::nullopt;
  ContentRange range{*first, *last, std::nullopt};
  if (text.substr(slash + 1) == "*") return range;
  range.total = parse_u64(text.substr(slash + 1));
  if (!range.total || *range.total <= *last) return std::nullopt;
  return range;
}

std::optional<std::uint64_t> parse_retry_after(std::string_view text, std::int64_t now) {
  text = trim(text);
  if (const auto seconds = parse_u64(text)) return seconds;
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return *date > now ? static_cast<std::uint64_t>(*date - now) : 0;
}

bool is_strong_etag(std::string_view etag) { return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"'; }

}  // namespace cudaenv::fetch
