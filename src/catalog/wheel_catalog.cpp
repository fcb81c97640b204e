#include "catalog/wheel_catalog.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "catalog/simple_index.hpp"
#include "model/pep440.hpp"

namespace cudaenv {

namespace {

constexpr std::string_view metapackage = "cuda-toolkit";

std::string key_of(const Version& version) { return std::string(to_text(version).view()); }

// The files of an index page as candidates, with why this machine cannot use one.
std::vector<FileCandidate> candidates(const IndexPage& page, const ComponentPin& pin, const WheelTarget& target) {
  std::vector<FileCandidate> out;
  const auto add = [&](FileCandidate candidate, const std::string& filename) {
    const auto wheel = parse_wheel_name(filename);
    if (!wheel || wheel->package != pin.package) return;  // source archives and strays are no candidates at all
    candidate.artifact.component = pin.component;
    candidate.artifact.package = pin.package;
    candidate.artifact.filename = filename;
    candidate.artifact.version = pep440::to_text(*pep440::parse(wheel->version));
    candidate.glibc_minor = glibc_level(*wheel, target.platform);
    if (candidate.unfit.empty()) candidate.unfit = unfit_reason(*wheel, target);
    out.push_back(std::move(candidate));
  };
  for (const auto& file : page.files) {
    FileCandidate candidate;
    candidate.artifact.url = file.url;
    candidate.artifact.sha256 = file.sha256;
    candidate.artifact.size = file.size;
    candidate.artifact.yanked = file.yanked;
    candidate.artifact.yanked_reason = file.yanked_reason;
    add(std::move(candidate), file.filename);
  }
  for (const auto& file : page.kept_out) add({{}, file.reason, 0}, file.filename);
  return out;
}

class WheelCatalog final : public Catalog {
 public:
  WheelCatalog(WheelChannel channel, const CatalogData& data, Get get, ReadMetadata read_metadata)
      : channel_(std::move(channel)), data_(data), get_(std::move(get)), read_metadata_(std::move(read_metadata)) {}

  const std::string& channel() const override { return channel_.name; }
  ChannelKind kind() const override { return ChannelKind::wheels; }

  Result<std::vector<Version>> versions() override {
    TRY(load_offers());
    std::vector<Version> out;
    for (const auto& [key, offer] : offers_) out.push_back(offer.version);
    std::ranges::sort(out, [](const Version& a, const Version& b) { return b < a; });
    return out;
  }

  std::vector<Result<Release>> releases(const std::vector<Version>& versions) override {
    std::vector<Result<Release>> out;
    const auto loaded = load_offers();
    if (loaded) load_details(versions);
    for (const auto& version : versions) {
      if (!loaded) {
        out.emplace_back(std::unexpected(loaded.error()));
        continue;
      }
      const auto* details = find_details(version);
      if (!details) out.emplace_back(unknown(version));
      else if (!*details) out.emplace_back(std::unexpected(details->error()));
      else out.emplace_back((*details)->release);
    }
    return out;
  }

  Result<std::vector<ComponentFiles>> files(const Version& version, const std::vector<std::string>& components) override {
    TRY(release(version));
    const auto& pins = (*find_details(version))->pins;
    std::vector<ComponentPin> wanted;
    for (const auto& component : components) {
      const auto pin = std::ranges::find(pins, component, &ComponentPin::component);
      if (pin == pins.end())
        return fail(Code::no_such_version, "cannot find `" + printable(component) + "` in CUDA " + key_of(version),
                    "channel `" + channel_.name + "` does not have it", "cudaenv list --available");
      wanted.push_back(*pin);
    }
    TRY(load_pages(wanted));
    std::vector<ComponentFiles> out;
    for (const auto& pin : wanted) out.push_back({pin, channel_.name, candidates(pages_[pin.package], pin, channel_.target)});
    return out;
  }

  Result<ComponentFiles> companion(const ComponentRequest& request, unsigned cuda_major) override {
    const auto* fact = data_.component(request.name);
    ComponentFiles out;
    out.channel = channel_.name;
    out.pin.component = request.name;
    if (!request.version.empty()) out.pin.specifier = "==" + request.version + ".*";
    if (!fact || fact->wheel.empty()) return out;
    out.pin.package = fact->wheel + "-cu" + std::to_string(cuda_major);
    TRY(load_pages({out.pin}));
    out.files = candidates(pages_[out.pin.package], out.pin, channel_.target);
    return out;
  }

 private:
  struct Offer {
    Version version;
    IndexFile file;
  };

  // The page of the metapackage, once. Yanked releases are not on offer.
  Result<void> load_offers() {
    if (!offers_.empty()) return {};
    const auto url = project_page_url(channel_.index_url, metapackage);
    const Page page = TRY(get_one(get_, {url, std::string(simple_index_accept), max_page_bytes}));
    const IndexPage index = TRY(parse_index_page(page));
    for (const auto& file : index.files) {
      const auto wheel = parse_wheel_name(file.filename);
      Version version;
      if (!wheel || wheel->package != metapackage || file.yanked || !parse_version(wheel->version, version)) continue;
      offers_.emplace(key_of(version), Offer{version, file});
    }
    if (offers_.empty())
      return fail(Code::integrity, "cannot read what channel `" + channel_.name + "` offers",
                  "its page of `cuda-toolkit` lists no wheel");
    return {};
  }

  [[nodiscard]] std::unexpected<Error> unknown(const Version& version) const {
    return fail(Code::no_such_version, "cannot find CUDA " + key_of(version),
                "channel `" + channel_.name + "` does not offer it", "cudaenv list --available");
  }

  const Result<MetapackageRelease>* find_details(const Version& version) const {
    const auto found = details_.find(key_of(version));
    return found == details_.end() ? nullptr : &found->second;
  }

  // METADATA of every release that is not known yet: by itself where the index offers it, else out of the wheel.
  void load_details(const std::vector<Version>& versions) {
    std::vector<const Offer*> separate;
    std::vector<const Offer*> inside;
    for (const auto& version : versions) {
      const auto offer = offers_.find(key_of(version));
      if (offer == offers_.end() || details_.contains(offer->first)) continue;
      (offer->second.file.metadata_url.empty() ? inside : separate).push_back(&offer->second);
    }
    load_separate(separate, inside);
    std::vector<Artifact> wheels;
    for (const auto* offer : inside) wheels.push_back(artifact(*offer));
    if (wheels.empty()) return;
    auto texts = read_metadata_(wheels);
    for (std::size_t i = 0; i < inside.size() && i < texts.size(); ++i) remember(*inside[i], std::move(texts[i]));
  }

  // What is announced but cannot be had as it was announced is read out of the wheel after all.
  void load_separate(const std::vector<const Offer*>& separate, std::vector<const Offer*>& inside) {
    std::vector<PageRequest> requests;
    for (const auto* offer : separate) requests.push_back({offer->file.metadata_url, "*/*", max_metadata_bytes});
    if (requests.empty()) return;
    auto pages = get_(requests);
    for (std::size_t i = 0; i < separate.size() && i < pages.size(); ++i) {
      const auto& promised = separate[i]->file.metadata_sha256;
      const bool good = pages[i] && (promised.empty() || pages[i]->sha256 == promised);
      if (good) remember(*separate[i], std::move(pages[i]->body));
      else inside.push_back(separate[i]);
    }
  }

  void remember(const Offer& offer, Result<std::string> text) {
    const auto read = [&]() -> Result<MetapackageRelease> {
      const std::string content = TRY(std::move(text));
      const Metadata metadata = TRY(parse_metadata(content));
      auto out = TRY(read_metapackage(metadata, data_, channel_.name, channel_.target.platform));
      if (!(out.release.version == offer.version))
        return fail(Code::integrity, "cannot read `" + offer.file.filename + "`", "its METADATA names another version");
      return out;
    };
    details_.insert_or_assign(key_of(offer.version), read());
  }

  static Artifact artifact(const Offer& offer) {
    Artifact out;
    out.component = metapackage;
    out.package = metapackage;
    out.version = key_of(offer.version);
    out.filename = offer.file.filename;
    out.url = offer.file.url;
    out.sha256 = offer.file.sha256;
    out.size = offer.file.size;
    return out;
  }

  // The index pages of these packages; a package that the index does not know has an empty page.
  Result<void> load_pages(const std::vector<ComponentPin>& pins) {
    std::vector<std::string> names;
    for (const auto& pin : pins)
      if (!pages_.contains(pin.package) && std::ranges::find(names, pin.package) == names.end()) names.push_back(pin.package);
    if (names.empty()) return {};
    std::vector<PageRequest> requests;
    for (const auto& name : names)
      requests.push_back({project_page_url(channel_.index_url, name), std::string(simple_index_accept), max_page_bytes});
    auto answers = get_(requests);
    for (std::size_t i = 0; i < names.size() && i < answers.size(); ++i) {
      if (answers[i]) pages_[names[i]] = TRY(parse_index_page(*answers[i]));
      else if (answers[i].error().code == Code::no_such_version) pages_[names[i]] = {};
      else return std::unexpected(std::move(answers[i]).error());
    }
    return {};
  }

  WheelChannel channel_;
  const CatalogData& data_;
  Get get_;
  ReadMetadata read_metadata_;
  std::map<std::string, Offer> offers_;                        // by version text
  std::map<std::string, Result<MetapackageRelease>> details_;  // by version text
  std::map<std::string, IndexPage> pages_;                     // by package
};

}  // namespace

std::unique_ptr<Catalog> make_wheel_catalog(WheelChannel channel, const CatalogData& data, Get get,
                                            ReadMetadata read_metadata) {
  return std::make_unique<WheelCatalog>(std::move(channel), data, std::move(get), std::move(read_metadata));
}

}  // namespace cudaenv
