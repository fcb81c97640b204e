// How a catalogue reaches its channel: two functions that it is given. It opens nothing itself. Both take
// several questions at once, so that whoever implements them can ask in parallel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"

namespace cudaenv {

inline constexpr std::uint64_t max_page_bytes = 16ULL * 1024 * 1024;

struct PageRequest {
  std::string url;     // https, file, or http where allowed; a `file:` URL that ends in `/` asks for a listing
  std::string accept;  // value of the Accept header
  std::uint64_t max_bytes = max_page_bytes;
};

struct Page {
  std::string body;
  std::string final_url;     // after redirects: relative links are against this one
  std::string content_type;  // without parameters is fine; empty: by what the body looks like
  std::string sha256;        // of the body; may be empty, then no manifest can be checked against its pin
};

/// One answer per request, in order, from the network or a cache. 404, 410 and a missing file are
/// Code::no_such_version, every other failure is Code::network.
using Get = std::function<std::vector<Result<Page>>(const std::vector<PageRequest>&)>;
/// The METADATA text of each wheel, in order: out of the files themselves (some 2 kB for the metapackage).
using ReadMetadata = std::function<std::vector<Result<std::string>>(const std::vector<Artifact>&)>;

/// Asks for one page.
[[nodiscard]] Result<Page> get_one(const Get& get, PageRequest request);

/// A listing page made of names, for folders on disk: what a `file:` URL that ends in `/` answers.
[[nodiscard]] std::string listing_page(const std::vector<std::string>& names);

}  // namespace cudaenv
