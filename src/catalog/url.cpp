#include "catalog/url.hpp"

#include <array>
#include <vector>

#include "base/text.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t max_url_bytes = 8192;

struct Parts {
  std::string scheme;     // "https"
  std::string authority;  // "host:port"
  std::string path;       // begins with `/`
  std::string query;      // with its `?`
};

bool clean(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\\' || c == '\x7f') return false;
  return text.size() <= max_url_bytes;
}

// "https" of "https://…"; empty where the text begins with no scheme.
std::string scheme_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || text.substr(0, colon).find_first_of("/?#") != std::string_view::npos)
    return {};
  return lower(text.substr(0, colon));
}

std::optional<Parts> parse_url(std::string_view text) {
  Parts out;
  out.scheme = scheme_of(text);
  if (out.scheme != "https" && out.scheme != "http" && out.scheme != "file") return std::nullopt;
  text.remove_prefix(out.scheme.size() + 1);
  if (!text.starts_with("//")) return std::nullopt;
  text.remove_prefix(2);
  const auto slash = text.find_first_of("/?");
  out.authority = text.substr(0, slash);
  text.remove_prefix(slash == std::string_view::npos ? text.size() : slash);
  const auto query = text.find('?');
  out.path = text.substr(0, query);
  if (query != std::string_view::npos) out.query = text.substr(query);
  if (out.path.empty()) out.path = "/";
  if (out.authority.empty() != (out.scheme == "file")) return std::nullopt;  // file: has no host
  if (out.authority.find('@') != std::string::npos) return std::nullopt;
  return out;
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = split(path, '/');
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (last) kept.emplace_back();
    } else if (segments[i] != "." || last) {
      kept.push_back(segments[i] == "." ? std::string_view() : segments[i]);
    }
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  return out.empty() ? "/" : out;
}

std::string compose(const Parts& parts) {
  return parts.scheme + "://" + parts.authority + without_dots(parts.path) + parts.query;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> resolve_url(std::string_view base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  base = base.substr(0, base.find('#'));
  if (!clean(reference) || !clean(base)) return std::nullopt;
  auto from = parse_url(base);
  if (!scheme_of(reference).empty()) {
    const auto parts = parse_url(reference);
    if (!parts || (parts->scheme == "file" && from && from->scheme != "file")) return std::nullopt;
    return compose(*parts);
  }
  if (!from) return std::nullopt;
  if (reference.starts_with("//")) {
    const auto parts = parse_url(from->scheme + ":" + std::string(reference));
    return parts ? std::optional(compose(*parts)) : std::nullopt;
  }
  if (reference.empty()) return compose(*from);
  const auto query = reference.find('?');
  const auto path = reference.substr(0, query);
  from->query = query == std::string_view::npos ? std::string() : std::string(reference.substr(query));
  if (path.starts_with('/'))
    from->path = path;
  else if (!path.empty())
    from->path = from->path.substr(0, from->path.rfind('/') + 1) + std::string(path);
  return compose(*from);
}

std::string url_filename(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto segment = url.substr(url.rfind('/') + 1);
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '%' && i + 2 < segment.size() && hex(segment[i + 1]) >= 0 && hex(segment[i + 2]) >= 0) {
      out += static_cast<char>(hex(segment[i + 1]) * 16 + hex(segment[i + 2]));
      i += 2;
    } else {
      out += segment[i];
    }
  }
  return out;
}

std::string_view url_fragment(std::string_view url) {
  const auto hash = url.find('#');
  return hash == std::string_view::npos ? std::string_view() : url.substr(hash + 1);
}

bool safe_filename(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+!") ==
         std::string_view::npos;
}

}  // namespace cudaenv
