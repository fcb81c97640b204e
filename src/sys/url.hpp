// What may be fetched from where, decided on the text of URLs. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cudaenv {

/// A URL without what may be secret (user, password, query, fragment), safe in messages and logs.
[[nodiscard]] std::string redact_url(std::string_view url);

/// The parts of a URL that decide about trust. Scheme and host are lower case, `port` is the effective one.
struct UrlOrigin {
  std::string scheme, host, port;
  bool operator==(const UrlOrigin&) const = default;
};
/// Empty parts when the text is not an absolute URL with a scheme.
[[nodiscard]] UrlOrigin url_origin(std::string_view url);

/// localhost, 127.0.0.0/8 and [::1], by their text: no name is resolved.
[[nodiscard]] bool is_loopback(std::string_view host);

/// Whether `url` may be asked for at all: https; file on this machine; http to loopback, or anywhere when `allow_http`.
[[nodiscard]] Result<void> check_url(std::string_view url, bool allow_http);
/// Whether a response of `from` may lead to `to`: never out of https, never to file.
[[nodiscard]] Result<void> check_redirect(std::string_view from, std::string_view to, bool allow_http);

}  // namespace cudaenv
