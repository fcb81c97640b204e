// The part of RFC 3986 that links of an index page need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cudaenv {

/// `reference` against the page at `base`, dot segments removed, without a fragment. Nullopt for schemes
/// other than https, http and file, for control characters, spaces and backslashes, for user names in
/// the host part, and for a `file:` link on a page that did not come from `file:`.
[[nodiscard]] std::optional<std::string> resolve_url(std::string_view base, std::string_view reference);
/// The last path segment, percent-decoded; empty for a folder.
[[nodiscard]] std::string url_filename(std::string_view url);
/// What follows `#`; empty where there is none.
[[nodiscard]] std::string_view url_fragment(std::string_view url);
/// Letters, digits and `._+!-`, at most 255, not `.` or `..`: safe as the name of a file.
[[nodiscard]] bool safe_filename(std::string_view name);

}  // namespace cudaenv
