// Answers of a channel's index, kept by URL and asked again only by ETag or date.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/net.hpp"

namespace cudaenv::fetch {

/// An answer of a channel's index, as it came.
struct Page {
  std::string body;
  std::string content_type;  // as sent, "application/vnd.pypi.simple.v1+json"; empty for file:
  std::string url;           // after redirects: what relative links are relative to
  bool stale = false;        // the network failed and this is the cached copy
  std::string note;          // why it is stale, for the person; else empty
};

struct PageRequest {
  std::string url;
  std::string accept;                  // value of the Accept header; part of the cache's key
};

struct PageOptions {
  std::string folder;                  // the cache's folder for indexes; made when missing
  bool offline = false;                // CUDAENV_OFFLINE: the cached copy, or an error that says what is missing
  bool stale_if_unreachable = false;   // a cached copy stands in when the network fails; Page::stale says so
  bool allow_http = false;
  std::uint64_t max_bytes = 16U << 20;
  unsigned parallel = 8;
  unsigned tries = 4;
  std::uint64_t base_delay_ms = 300;
  unsigned connect_seconds = 15;
  unsigned stall_seconds = 30;
  std::int64_t now = 0;                // seconds since 1970, for Retry-After dates
  std::function<bool()> cancelled;
};

/// One Result for each request, in order. 404 and 410 are Code::no_such_version ("the index does not have it"),
/// everything else that the network does is Code::network. file: URLs are read and never cached.
[[nodiscard]] std::vector<Result<Page>> get_pages(IoModule& io, const std::vector<PageRequest>& requests,
                                                  const PageOptions& options);
[[nodiscard]] Result<Page> get_page(IoModule& io, const PageRequest& request, const PageOptions& options);

}  // namespace cudaenv::fetch
