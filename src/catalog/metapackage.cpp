// The `cuda-toolkit` metapackage read as a release: extras are components (DESIGN section 5).
#include <algorithm>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "catalog/pep508.hpp"
#include "catalog/wheel_catalog.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t max_extras = 512;
constexpr std::size_t max_requirements = 20'000;

// "nvidia-cublas-cu12" -> "nvidia-cublas".
std::string_view without_cuda_suffix(std::string_view package) {
  const auto at = package.rfind("-cu");
  if (at == std::string_view::npos || at + 3 == package.size()) return package;
  const auto digits = package.substr(at + 3);
  return digits.find_first_not_of("0123456789") == std::string_view::npos ? package.substr(0, at) : package;
}

struct Wanted {
  std::string package;  // normalised
  std::string specifier;
};
using Extras = std::map<std::string, std::vector<Wanted>>;  // by normalised extra, `all` left out

// What each extra asks for on this platform.
Result<Extras> wanted_by_extra(const Metadata& metadata, Platform platform) {
  if (metadata.extras.size() > max_extras || metadata.requires_dist.size() > max_requirements)
    return fail(Code::integrity, "cannot read the metapackage `cuda-toolkit`", "it has too many extras or requirements");
  auto environment = pep508::environment_of(platform);
  Extras out;
  for (const auto& line : metadata.requires_dist) {
    const auto requirement = TRY(pep508::parse_requirement(line));
    for (const auto& raw : metadata.extras) {
      // A marker that does not hold the extra's name cannot ask for it: most pairs end here.
      if (raw == "all" || requirement.marker.find(raw) == std::string::npos) continue;
      environment["extra"] = raw;
      if (TRY(pep508::evaluate_marker(requirement.marker, environment)))
        out[pep508::normalize_name(raw)].push_back({pep508::normalize_name(requirement.name), requirement.specifier});
    }
  }
  return out;
}

// An extra lists its own package among those that it depends on: the one that components.toml names, else
// the one that no other extra asks for, else the one whose name has the extra's in it.
const Wanted* own_package(const Extras& extras, const std::string& extra, const CatalogData& data) {
  const auto& wanted = extras.at(extra);
  if (wanted.size() == 1) return &wanted.front();
  for (const auto& one : wanted)
    if (const auto* fact = data.by_wheel(without_cuda_suffix(one.package)); fact && fact->name == extra) return &one;
  const auto elsewhere = [&](const Wanted& one) {
    return std::ranges::any_of(extras, [&](const auto& entry) {
      return entry.first != extra && std::ranges::find(entry.second, one.package, &Wanted::package) != entry.second.end();
    });
  };
  const auto alone = std::ranges::find_if(wanted, [&](const Wanted& one) { return !elsewhere(one); });
  if (alone != wanted.end()) return &*alone;
  const auto named = std::ranges::find_if(wanted, [&](const Wanted& one) { return one.package.find(extra) != std::string::npos; });
  return named != wanted.end() ? &*named : nullptr;
}

}  // namespace

Result<MetapackageRelease> read_metapackage(const Metadata& metadata, const CatalogData& data, const std::string& channel,
                                            Platform platform) {
  MetapackageRelease out;
  out.release.channel = channel;
  out.release.kind = ChannelKind::wheels;
  if (pep508::normalize_name(metadata.name) != "cuda-toolkit" || !parse_version(metadata.version, out.release.version))
    return fail(Code::integrity, "cannot read the metapackage `cuda-toolkit`",
                "it calls itself `" + printable(metadata.name) + "` " + printable(metadata.version));
  const Extras extras = TRY(wanted_by_extra(metadata, platform));
  std::map<std::string, std::string> component_of;  // package -> component
  for (const auto& [extra, wanted] : extras) {
    const auto* own = own_package(extras, extra, data);
    if (!own || !component_of.emplace(own->package, extra).second) continue;
    out.pins.push_back({extra, own->package, own->specifier});
    out.release.components.push_back(extra);
  }
  for (const auto& pin : out.pins)
    for (const auto& one : extras.at(pin.component))
      if (const auto needed = component_of.find(one.package); needed != component_of.end() && one.package != pin.package)
        out.release.needs[pin.component].push_back(needed->second);
  // Before 13.0 the nvcc wheel holds ptxas, libnvvm and headers, but no nvcc; from then on nvvm is its own wheel.
  out.release.has_nvcc = out.release.has("nvcc") && out.release.has("nvvm");
  return out;
}

std::vector<std::string> required_components(const Metadata& metadata, const CatalogData& data, Platform platform) {
  std::vector<std::string> out;
  const auto environment = pep508::environment_of(platform);
  for (const auto& line : metadata.requires_dist) {
    const auto requirement = pep508::parse_requirement(line);
    if (!requirement) continue;
    if (!requirement->marker.empty() && !pep508::evaluate_marker(requirement->marker, environment).value_or(false)) continue;
    const auto* fact = data.by_wheel(without_cuda_suffix(pep508::normalize_name(requirement->name)));
    if (fact) out.push_back(fact->name);
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace cudaenv
