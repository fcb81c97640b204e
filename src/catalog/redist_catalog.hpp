// NVIDIA's redistributable tree as a channel: redistrib_<version>.json and the archives it names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/data.hpp"
#include "catalog/page.hpp"
#include "model/platform.hpp"

namespace cudaenv {

struct RedistChannel {
  std::string name;  // "nvidia"
  std::string url;   // the folder of the redistrib_*.json, ends with or without `/`
  Platform platform = this_platform();
};

/// `data` must outlive the catalogue. Manifests are checked against the sha256 of toolkits.toml only
/// where the channel is the built-in one: a site's mirror may write its own, smaller manifests.
/// Companions (cudnn) are looked for in the sister tree: `…/cuda/redist/` -> `…/cudnn/redist/`, for
/// other URLs in `<url>cudnn/`.
[[nodiscard]] std::unique_ptr<Catalog> make_redist_catalog(RedistChannel channel, const CatalogData& data, Get get);

/// One archive of a manifest.
struct RedistFile {
  std::string package;        // "cuda_nvcc"
  std::string name;           // "CUDA NVCC"
  std::string license;
  std::string version;        // "13.0.88"
  std::string relative_path;
  std::string sha256;
  std::uint64_t size = 0;
  std::string cuda_variant;   // "12" below a `cuda12` level, else empty
};

struct RedistManifest {
  std::string release_date;
  std::string release_label;       // "13.0.2"; empty before 12.2
  std::vector<RedistFile> files;   // of this platform (and `linux-all`)
  std::vector<std::string> notes;  // what was skipped, and why
};

/// Parses a manifest (FACTS A1: string keys beside platforms, sizes as text, the cuda_variant level).
/// Malformed, too deep or too long: Code::integrity. A `relative_path` that is absolute, has `..` or a
/// scheme is refused.
[[nodiscard]] Result<RedistManifest> parse_redist_manifest(std::string_view text, Platform platform);

struct ListedManifest {
  Version version;
  std::string filename;  // "redistrib_13.0.2.json"
};
/// The `redistrib_<version>.json` that a listing page links to, newest first.
[[nodiscard]] std::vector<ListedManifest> listed_manifests(std::string_view html);

}  // namespace cudaenv
