// One project's page of a package index: PEP 503 HTML or PEP 691 JSON, whichever the index answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "catalog/page.hpp"

namespace cudaenv {

/// What to send as Accept: JSON first (it carries sizes), HTML as well.
inline constexpr std::string_view simple_index_accept =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

struct IndexFile {
  std::string filename;
  std::string url;              // absolute, without fragment
  std::string sha256;           // always known: files without one are kept out
  std::uint64_t size = 0;       // 0: the index does not say
  std::string requires_python;  // PEP 440 specifiers; may be empty
  bool yanked = false;
  std::string yanked_reason;
  std::string metadata_url;     // `<url>.metadata` where the index offers it, else empty
  std::string metadata_sha256;  // may be empty
};

struct KeptOut {
  std::string filename;
  std::string reason;  // "the index gives no sha256"
};

struct IndexPage {
  std::vector<IndexFile> files;  // in the page's order
  std::vector<KeptOut> kept_out;
};

/// Parses a page by its content type (by its first byte where there is none). Malformed, too deep or too
/// long pages are Code::integrity; a file with an odd URL, name or hash is kept out, not an error.
[[nodiscard]] Result<IndexPage> parse_index_page(const Page& page);

/// `<index>/<normalised name>/`, and for `file:` indexes `index.html` in it.
[[nodiscard]] std::string project_page_url(std::string_view index_url, std::string_view name);

}  // namespace cudaenv
