// A wheel index as a channel: the `cuda-toolkit` metapackage is the catalogue (DESIGN section 5).
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.hpp"
#include "catalog/data.hpp"
#include "catalog/metadata.hpp"
#include "catalog/page.hpp"
#include "catalog/wheel_name.hpp"

namespace cudaenv {

struct WheelChannel {
  std::string name;       // "wheels"
  std::string index_url;  // what pip is configured with, ends with or without `/`
  WheelTarget target;
};

/// `data` must outlive the catalogue.
[[nodiscard]] std::unique_ptr<Catalog> make_wheel_catalog(WheelChannel channel, const CatalogData& data, Get get,
                                                          ReadMetadata read_metadata);

/// One release of the metapackage: its components, each with all that its extra asks for. Pure.
struct MetapackageRelease {
  Release release;
  std::vector<ComponentPin> pins;  // one per component: the package that carries it
};
[[nodiscard]] Result<MetapackageRelease> read_metapackage(const Metadata& metadata, const CatalogData& data,
                                                          const std::string& channel, Platform platform);

/// Canonical names of the components that a component wheel itself requires (unconditional
/// Requires-Dist of packages that components.toml knows). For a check after the download.
[[nodiscard]] std::vector<std::string> required_components(const Metadata& metadata, const CatalogData& data,
                                                           Platform platform);

}  // namespace cudaenv
