#include "sys/url.hpp"

#include "base/text.hpp"

namespace cudaenv {

namespace {

/// The text after "scheme://" up to the path, query or fragment.
std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  // A backslash ends the authority for some parsers and not for others; here it ends it.
  return url.substr(start + 3, url.find_first_of("/?#\\", start + 3) - start - 3);
}

std::string default_port(std::string_view scheme) {
  return scheme == "https" ? "443" : scheme == "http" ? "80" : "";
}

Error refused(std::string_view url, std::string_view cause) {
  return make_error(Code::network, "cannot fetch `" + redact_url(url) + "`", std::string(cause));
}

}  // namespace

std::string redact_url(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return printable(url.substr(0, url.find_first_of("?#")));
  const auto authority = authority_of(url);
  const auto at = authority.rfind('@');
  auto rest = url.substr(start + 3 + (at == std::string_view::npos ? 0 : at + 1));
  rest = rest.substr(0, rest.find_first_of("?#"));
  return printable(std::string(url.substr(0, start + 3)) + std::string(rest), 500);
}

UrlOrigin url_origin(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  UrlOrigin origin;
  origin.scheme = lower(url.substr(0, start));
  auto host = authority_of(url);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    origin.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (origin.port.empty()) origin.port = default_port(origin.scheme);
  origin.host = lower(host);
  return origin;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  const auto parts = split(host, '.');
  if (parts.size() != 4 || parts.front() != "127") return false;
  for (const auto part : parts) {
    const auto number = parse_u64(part);
    if (!number || *number > 255 || part.size() > 3) return false;
  }
  return true;
}

Result<void> check_url(std::string_view url, bool allow_http) {
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\')
      return fail(refused(url, "the URL has a space, a backslash or a control character"));
  const auto origin = url_origin(url);
  if (origin.scheme == "file") {
    if (origin.host.empty() || origin.host == "localhost") return {};
    return fail(refused(url, "a file: URL cannot name another machine"));
  }
  if (origin.host.empty()) return fail(refused(url, "it is not an absolute URL"));
  if (origin.scheme == "https") return {};
  if (origin.scheme != "http") return fail(refused(url, "only https and file URLs are fetched"));
  if (allow_http || is_loopback(origin.host)) return {};
  return fail(refused(url, "plain http is not safe from changes on the way (allow-http in the channel's configuration permits it)"));
}

Result<void> check_redirect(std::string_view from, std::string_view to, bool allow_http) {
  const auto target = url_origin(to);
  const auto refuse = [&](std::string_view why) {
    return fail(refused(from, "it redirects to `" + redact_url(to) + "`, " + std::string(why)));
  };
  if (target.scheme != "https" && target.scheme != "http") return refuse("which is neither https nor http");
  if (target.scheme == "http" && url_origin(from).scheme != "http") return refuse("out of https");
  if (authority_of(to).find('@') != std::string_view::npos) return refuse("which carries credentials");
  if (!check_url(to, allow_http)) return refuse("which may not be fetched");
  return {};
}

}  // namespace cudaenv
