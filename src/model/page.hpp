// An answer of a channel's index, as it came.
#pragma once

#include <string>

namespace cudaenv::fetch {

struct Page {
  std::string body;
  std::string content_type;  // as sent, "application/vnd.pypi.simple.v1+json"; empty for file:
  std::string url;           // after redirects: what relative links are relative to
  bool stale = false;        // the network failed and this is the cached copy
  std::string note;          // why it is stale, for the person; else empty
};

}  // namespace cudaenv::fetch
