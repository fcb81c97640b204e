// URLs as libcurl itself reads them, so that what is checked is what is asked for.
#pragma once

#include <curl/curl.h>

#include <string>

namespace cudaenv {

/// A part of a URL; empty when it has none or is malformed.
[[nodiscard]] std::string url_part(const std::string& url, CURLUPart part, unsigned flags);

/// A reference as seen from `base` without its credentials; it may itself be absolute. Empty when it makes no URL.
[[nodiscard]] std::string resolve_url(const std::string& base, const std::string& reference);

}  // namespace cudaenv
