// redistrib_<version>.json, NVIDIA's own schema (FACTS A1).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "catalog/html.hpp"
#include "catalog/json_text.hpp"
#include "catalog/redist_catalog.hpp"
#include "catalog/url.hpp"

namespace cudaenv {

namespace {

using nlohmann::json;

// A path below the channel's folder: nothing absolute, no `..`, no scheme, no odd characters.
bool safe_relative_path(std::string_view path) {
  if (path.empty() || path.size() > 1024) return false;
  const auto segments = split(path, '/');
  return std::ranges::all_of(segments, safe_filename);
}

// NVIDIA writes sizes as text.
std::uint64_t size_of(const json& entry) {
  const auto size = entry.find("size");
  if (size == entry.end()) return 0;
  if (size->is_number_unsigned()) return size->get<std::uint64_t>();
  return size->is_string() ? parse_u64(size->get<std::string>()).value_or(0) : 0;
}

class ManifestReader {
 public:
  explicit ManifestReader(Platform platform) : platform_(platform) {}

  Result<RedistManifest> read(const json& root) {
    out_.release_date = text_member(root, "release_date");
    out_.release_label = text_member(root, "release_label");
    for (const auto& [package, component] : root.items())
      if (component.is_object()) TRY(read_component(package, component));
    return std::move(out_);
  }

 private:
  Result<void> read_component(const std::string& package, const json& component) {
    RedistFile common;
    common.package = package;
    common.name = text_member(component, "name");
    common.license = text_member(component, "license");
    common.version = text_member(component, "version");
    // Beside the platforms there are keys with text (license_path) and lists (cuda_variant).
    for (const auto platform : {redist_name(platform_), std::string_view("linux-all")}) {
      const auto entry = component.find(platform);
      if (entry == component.end() || !entry->is_object()) continue;
      if (entry->contains("relative_path")) {
        TRY(add(common, *entry));
        continue;
      }
      for (const auto& [variant, nested] : entry->items()) {
        if (!nested.is_object() || !variant.starts_with("cuda")) continue;
        common.cuda_variant = variant.substr(4);
        TRY(add(common, nested));
      }
      common.cuda_variant.clear();
    }
    return {};
  }

  Result<void> add(RedistFile file, const json& entry) {
    file.relative_path = text_member(entry, "relative_path");
    file.size = size_of(entry);
    if (!safe_relative_path(file.relative_path))
      return fail(Code::integrity, "cannot read the manifest of a redist channel",
                  "`" + printable(file.package) + "` lies at the unsafe path `" + printable(file.relative_path) + "`");
    auto hash = parse_sha256(text_member(entry, "sha256"));
    if (!hash || file.version.empty()) {
      out_.notes.push_back(printable(file.package) + " has no " + (hash ? "version" : "sha256") + " and is left out");
      return {};
    }
    file.sha256 = std::move(*hash);
    out_.files.push_back(std::move(file));
    return {};
  }

  Platform platform_;
  RedistManifest out_;
};

}  // namespace

Result<RedistManifest> parse_redist_manifest(std::string_view text, Platform platform) {
  const json root = TRY(parse_json(text, "the manifest of a redist channel"));
  if (!root.is_object())
    return fail(Code::integrity, "cannot read the manifest of a redist channel", "it is not a JSON object");
  return ManifestReader(platform).read(root);
}

std::vector<ListedManifest> listed_manifests(std::string_view html) {
  constexpr std::string_view prefix = "redistrib_";
  constexpr std::string_view suffix = ".json";
  std::vector<ListedManifest> out;
  for (const auto& link : read_links(html).links) {
    const auto name = url_filename(link.attributes.find("href")->second);
    if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) continue;
    ListedManifest found{{}, name};
    if (parse_version(std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - suffix.size()), found.version))
      out.push_back(std::move(found));
  }
  std::ranges::stable_sort(out, [](const auto& a, const auto& b) { return b.version < a.version; });
  out.erase(std::unique(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.version == b.version; }), out.end());
  return out;
}

}  // namespace cudaenv
