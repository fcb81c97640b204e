// The facts under manifests/, read once: components, profiles, toolkits, channels.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"

namespace cudaenv {

/// One toolkit release as manifests/toolkits.toml knows it. Empty text: not known.
struct ToolkitFact {
  Version version;
  std::string date;             // "2025-10-09"
  std::string driver;           // Linux driver from which everything is promised: "580.95.05"
  std::string bundled;          // the driver inside the release's own manifest; differs in 12.8.0 and a few more
  std::string nvcc, cudart;     // component versions
  std::string manifest_sha256;  // of NVIDIA's redistrib_<version>.json
  bool redist = false;          // a redist manifest is known to exist
};

struct BuiltInChannel {
  std::string name;  // "nvidia"
  ChannelKind kind = ChannelKind::redist;
  std::string url;   // empty for wheels: the index pip is configured with
};

struct CatalogData {
  std::vector<ComponentFact> components;  // sorted by name
  std::map<std::string, std::vector<std::string>, std::less<>> profiles;  // name -> components; "full" is empty: everything
  std::vector<ToolkitFact> toolkits;      // sorted by version
  std::vector<BuiltInChannel> channels;   // in the default order

  [[nodiscard]] const ComponentFact* component(std::string_view name) const;
  [[nodiscard]] const ComponentFact* by_wheel(std::string_view package) const;   // without -cuNN
  [[nodiscard]] const ComponentFact* by_redist(std::string_view package) const;
  [[nodiscard]] const ToolkitFact* toolkit(const Version& version) const;
};

/// Reads components.toml, profiles.toml, toolkits.toml and channels.toml of a folder (World's
/// `paths.share + "/manifests"`). Errors name file, line and column.
[[nodiscard]] Result<CatalogData> load_catalog_data(const std::string& folder);

}  // namespace cudaenv
