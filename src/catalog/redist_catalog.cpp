#include "catalog/redist_catalog.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "catalog/url.hpp"
#include "model/pep440.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t max_companion_manifests = 8;  // how far back a companion is looked for

std::string key_of(const Version& version) { return std::string(to_text(version).view()); }
std::string manifest_name(const Version& version) { return "redistrib_" + key_of(version) + ".json"; }
std::string with_slash(std::string url) { return url.ends_with('/') ? url : url + "/"; }

// `…/cuda/redist/` -> `…/cudnn/redist/`; other folders hold companions in a folder of their own.
std::string product_url(const std::string& url, const std::string& product) {
  constexpr std::string_view tail = "/cuda/redist/";
  if (url.ends_with(tail)) return url.substr(0, url.size() - tail.size()) + "/" + product + "/redist/";
  return url + product + "/";
}

// Canonical name of a package: components.toml, else what the toolkit's own licence covers. Empty: no component.
std::string component_name(const RedistFile& file, const CatalogData& data) {
  if (const auto* fact = data.by_redist(file.package)) return fact->companion ? std::string() : fact->name;
  if (file.license != "CUDA Toolkit") return {};
  std::string_view name = file.package;
  if (name.starts_with("cuda_")) name.remove_prefix(5);
  else if (name.starts_with("lib")) name.remove_prefix(3);
  std::string out(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

FileCandidate candidate_of(const RedistFile& file, const std::string& component, const std::string& base) {
  FileCandidate out;
  out.artifact.component = component;
  out.artifact.package = file.package;
  out.artifact.version = file.version;
  out.artifact.filename = url_filename(file.relative_path);
  out.artifact.url = base + file.relative_path;
  out.artifact.sha256 = file.sha256;
  out.artifact.size = file.size;
  out.artifact.kind = ChannelKind::redist;
  out.artifact.license = file.license;
  if (!out.artifact.filename.ends_with(".tar.xz")) out.unfit = "is not a .tar.xz archive";
  return out;
}

// A pin on just this version; odd version texts are compared as they are.
std::string exactly(const std::string& version) { return (pep440::parse(version) ? "==" : "===") + version; }

class RedistCatalog final : public Catalog {
 public:
  RedistCatalog(RedistChannel channel, const CatalogData& data, Get get)
      : channel_(std::move(channel)), data_(data), get_(std::move(get)) {
    channel_.url = with_slash(channel_.url);
    for (const auto& known : data_.channels)
      if (known.kind == ChannelKind::redist && with_slash(known.url) == channel_.url) built_in_ = true;
  }

  const std::string& channel() const override { return channel_.name; }
  ChannelKind kind() const override { return ChannelKind::redist; }

  Result<std::vector<Version>> versions() override {
    if (!versions_.empty()) return versions_;
    const auto listed = listing(channel_.url);
    if (listed) {
      for (const auto& one : *listed) versions_.push_back(one.version);
    } else if (listed.error().code != Code::no_such_version || channel_.url.starts_with("file:")) {
      return std::unexpected(listed.error());
    }
    // A server without folder listings: what toolkits.toml knows is tried by name.
    if (versions_.empty() && !channel_.url.starts_with("file:"))
      for (const auto& fact : data_.toolkits)
        if (fact.redist) versions_.insert(versions_.begin(), fact.version);
    if (versions_.empty())
      return fail(Code::no_such_version, "cannot find any release in channel `" + channel_.name + "`",
                  "`" + channel_.url + "` holds no redistrib_*.json");
    return versions_;
  }

  std::vector<Result<Release>> releases(const std::vector<Version>& versions) override {
    load(versions);
    std::vector<Result<Release>> out;
    for (const auto& version : versions) {
      const auto& manifest = manifests_.at(key_of(version));
      if (manifest) out.emplace_back(release_of(version, *manifest));
      else out.emplace_back(std::unexpected(manifest.error()));
    }
    return out;
  }

  Result<std::vector<ComponentFiles>> files(const Version& version, const std::vector<std::string>& components) override {
    TRY(release(version));
    const auto& manifest = *manifests_.at(key_of(version));
    std::vector<ComponentFiles> out;
    for (const auto& component : components) {
      const auto found = std::ranges::find_if(manifest.files, [&](const auto& file) { return component_name(file, data_) == component; });
      if (found == manifest.files.end())
        return fail(Code::no_such_version, "cannot find `" + printable(component) + "` in CUDA " + key_of(version),
                    "channel `" + channel_.name + "` does not have it", "cudaenv list --available");
      out.push_back({{component, found->package, exactly(found->version)}, channel_.name,
                     {candidate_of(*found, component, channel_.url)}});
    }
    return out;
  }

  Result<ComponentFiles> companion(const ComponentRequest& request, unsigned cuda_major) override {
    ComponentFiles out;
    out.channel = channel_.name;
    out.pin.component = request.name;
    if (!request.version.empty()) out.pin.specifier = "==" + request.version + ".*";
    const auto* fact = data_.component(request.name);
    if (!fact || fact->product.empty() || fact->redist.empty()) return out;
    out.pin.package = fact->redist.front();
    const auto base = product_url(channel_.url, fact->product);
    const auto listed = listing(base);
    if (!listed && listed.error().code != Code::no_such_version) return std::unexpected(listed.error());
    if (!listed) return out;
    std::size_t tried = 0;
    for (const auto& one : *listed) {
      if (!may_hold(one.version, request.version)) continue;
      if (!out.files.empty() || ++tried > max_companion_manifests) break;
      TRY(add_companion(base, one, *fact, std::to_string(cuda_major), out));
    }
    return out;
  }

 private:
  // The manifest's name is a shorter version than the package's own: 9.14.0 holds 9.14.0.64.
  static bool may_hold(const Version& manifest, const std::string& wanted) {
    Version prefix;
    if (wanted.empty() || !parse_version(wanted, prefix)) return wanted.empty();
    prefix.count = std::min(prefix.count, manifest.count);
    return prefix.is_prefix_of(manifest);
  }

  Result<std::vector<ListedManifest>> listing(const std::string& url) {
    const Page page = TRY(get_one(get_, {url, "text/html, */*;q=0.1", max_page_bytes}));
    return listed_manifests(page.body);
  }

  Result<RedistManifest> parse(const Page& page, const std::string& promised) const {
    if (!promised.empty() && !page.sha256.empty() && page.sha256 != promised)
      return fail(Code::integrity, "cannot trust the manifest `" + page.final_url + "`",
                  "its sha256 is " + page.sha256 + ", expected " + promised);
    return parse_redist_manifest(page.body, channel_.platform);
  }

  // Gets every manifest that is not known yet, at once.
  void load(const std::vector<Version>& versions) {
    std::vector<Version> missing;
    std::vector<PageRequest> requests;
    for (const auto& version : versions) {
      if (manifests_.contains(key_of(version)) || std::ranges::find(missing, version) != missing.end()) continue;
      missing.push_back(version);
      requests.push_back({channel_.url + manifest_name(version), "application/json, */*;q=0.1", max_page_bytes});
    }
    if (missing.empty()) return;
    auto pages = get_(requests);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      const auto* fact = built_in_ ? data_.toolkit(missing[i]) : nullptr;
      Result<RedistManifest> manifest = fail(Code::internal, "cannot get a page", "the getter gave no answer");
      if (i < pages.size() && pages[i]) manifest = parse(*pages[i], fact ? fact->manifest_sha256 : "");
      else if (i < pages.size()) manifest = std::unexpected(std::move(pages[i]).error());
      manifests_.emplace(key_of(missing[i]), std::move(manifest));
    }
  }

  [[nodiscard]] Release release_of(const Version& version, const RedistManifest& manifest) const {
    Release out;
    out.version = version;
    out.channel = channel_.name;
    out.kind = ChannelKind::redist;
    for (const auto& file : manifest.files)
      if (auto name = component_name(file, data_); !name.empty()) out.components.push_back(std::move(name));
    std::ranges::sort(out.components);
    out.components.erase(std::unique(out.components.begin(), out.components.end()), out.components.end());
    out.has_nvcc = out.has("nvcc") && has_inside_or_beside(out, "crt") && has_inside_or_beside(out, "nvvm");
    return out;
  }

  // From 13.0 on crt and nvvm are archives of their own; before, cuda_nvcc holds them.
  [[nodiscard]] bool has_inside_or_beside(const Release& release, std::string_view component) const {
    const auto* fact = data_.component(component);
    return release.has(component) || (fact && !fact->inside.empty() && release.version < fact->inside_before);
  }

  Result<void> add_companion(const std::string& base, const ListedManifest& listed, const ComponentFact& fact,
                             const std::string& cuda_major, ComponentFiles& out) {
    const Page page = TRY(get_one(get_, {base + listed.filename, "application/json, */*;q=0.1", max_page_bytes}));
    const RedistManifest manifest = TRY(parse(page, ""));
    for (const auto& file : manifest.files) {
      if (std::ranges::find(fact.redist, file.package) == fact.redist.end()) continue;
      if (!file.cuda_variant.empty() && file.cuda_variant != cuda_major) continue;
      out.files.push_back(candidate_of(file, fact.name, base));
    }
    return {};
  }

  RedistChannel channel_;
  const CatalogData& data_;
  Get get_;
  bool built_in_ = false;
  std::vector<Version> versions_;
  std::map<std::string, Result<RedistManifest>> manifests_;  // by version text
};

}  // namespace

std::unique_ptr<Catalog> make_redist_catalog(RedistChannel channel, const CatalogData& data, Get get) {
  return std::make_unique<RedistCatalog>(std::move(channel), data, std::move(get));
}

}  // namespace cudaenv
