#include "app/resolving.hpp"

#include <algorithm>
#include <set>

#include "app/select.hpp"
#include "base/text.hpp"
#include "plan/plan.hpp"
#include "store/installed.hpp"
#include "store/publish.hpp"

namespace cudaenv::app {

namespace {

constexpr std::size_t releases_looked_at = 12;  // newest first; further ones would only be older

// What channels can be asked for, out of what a person wrote.
Result<std::string> installable_spec(const World& world, const Selection& selection) {
  VersionSpec spec;
  const char* reason = nullptr;
  if (!parse_spec(selection.spec, spec, reason))
    return fail(Code::usage, "cannot understand the version `" + printable(selection.spec) + "`", reason, "cudaenv list --available");
  if (spec.kind == VersionSpec::Kind::system)
    return fail(Code::usage, "cannot install `system`", "it means the toolkit that is already under /usr/local",
                "cudaenv link /usr/local/cuda");
  if (spec.kind == VersionSpec::Kind::name)
    return fail(Code::usage, "cannot install `" + selection.spec + "`", "it is a name for a linked toolkit, not a version",
                "cudaenv list --available");
  return concrete_spec(world, selection);
}

Result<Wanted> read_wanted(const InstallRequest& request, const Pin* pin, const CatalogData& data) {
  Wanted wanted;
  for (const auto* list : {&request.with, &request.only})
    for (const auto& text : *list) wanted.named.push_back(TRY(parse_component_request(text)));
  if (pin != nullptr)
    for (std::size_t i = 0; i < pin->components; ++i)
      wanted.named.push_back(TRY(parse_component_request(pin->component[i])));
  const bool listed = !request.only.empty() || (pin != nullptr && pin->components != 0 && request.profile.empty());
  if (listed) return wanted;
  wanted.profile_name = request.profile.empty() ? "compile" : request.profile;
  const auto profile = data.profiles.find(wanted.profile_name);
  if (profile == data.profiles.end())
    return fail(Code::usage, "cannot use profile `" + wanted.profile_name + "`", "there are runtime, compile, math and full");
  wanted.profile = profile->second;
  wanted.everything = wanted.profile_name == "full";
  return wanted;
}

// Asks channels in order until one has a release with what is wanted; later ones are not even asked.
std::vector<ChannelOffer> gather_offers(Channels& channels, const VersionSpec& spec, const Wanted& wanted, bool candidates) {
  std::vector<ChannelOffer> offers;
  for (auto& entry : channels.entries()) {
    ChannelOffer& offer = offers.emplace_back();
    offer.channel = entry.name;
    offer.kind = entry.kind;
    if (!entry.catalog) {
      offer.unreachable = entry.why;
      continue;
    }
    auto versions = entry.catalog->versions();
    if (!versions) {
      entry.unreachable = true;
      offer.unreachable = std::move(versions).error();
      continue;
    }
    offer.versions = *versions;
    std::size_t looked_at = 0;
    for (const auto& version : matching_versions(spec, offer.versions, candidates)) {
      if (looked_at++ == releases_looked_at) break;
      auto release = entry.catalog->release(version);
      if (!release) {
        if (release.error().code == Code::no_such_version) continue;
        offer.unreachable = std::move(release).error();
        break;
      }
      offer.releases.push_back(*release);
      if (lacking(*release, wanted, channels.data().components).empty()) return offers;
    }
  }
  return offers;
}

// What is installed of the same version stays: `install 13.0.2 --with cublas` adds cublas.
void keep_installed(const std::vector<Receipt>& installed, const Release& release, const CatalogData& data, Wanted& wanted) {
  for (const auto& receipt : installed) {
    if (receipt.linked || receipt.version != release.version) continue;
    for (const auto& component : receipt.components) {
      const auto same = [&](const ComponentRequest& one) { return one.name == component.name; };
      if (std::any_of(wanted.named.begin(), wanted.named.end(), same)) continue;
      const auto* fact = data.component(component.name);
      const bool companion = fact != nullptr && fact->companion;
      if (companion) wanted.named.push_back({component.name, component.version});
      else if (release.has(component.name)) wanted.named.push_back({component.name, ""});
    }
  }
}

Result<std::vector<ComponentFiles>> find_files(Channels& channels, const Release& release, const ClosedComponents& closed) {
  auto files = TRY(channels.find(release.channel)->catalog->files(release.version, closed.components));
  for (const auto& companion : closed.companions) {
    std::string tried;
    bool found = false;
    for (auto& entry : channels.entries()) {
      if (!entry.catalog || entry.unreachable) {
        tried += (tried.empty() ? "" : "; ") + entry.name + ": cannot be reached";
        continue;
      }
      auto offered = entry.catalog->companion(companion, release.version.major());
      if (offered && !offered->files.empty()) {
        files.push_back(std::move(*offered));
        found = true;
        break;
      }
      tried += (tried.empty() ? "" : "; ") + entry.name + ": " + (offered ? "does not publish it" : offered.error().what);
    }
    if (!found)
      return fail(Code::no_such_version, "cannot find `" + companion.name + "` for CUDA " + std::to_string(release.version.major()),
                  tried, "cudaenv list --available");
  }
  return files;
}

std::set<std::string> stored_of(const store::Layout& layout, const std::vector<Artifact>& artifacts) {
  std::set<std::string> stored;
  for (const auto& artifact : artifacts)
    if (store::has_component(layout, artifact)) stored.insert(artifact.sha256);
  return stored;
}

}  // namespace

Result<std::vector<Goal>> read_goals(const World& world, const InstallRequest& request, const CatalogData& data) {
  std::vector<Goal> goals;
  for (const auto& text : request.specs)
    goals.push_back({TRY(installable_spec(world, {text, {Origin::Kind::flag, "", 0}, nullptr, {}})), "`" + text + "`",
                     TRY(read_wanted(request, nullptr, data))});
  if (!goals.empty()) return goals;
  const auto selection = TRY(find_selection(world));
  if (selection.spec.empty())
    return fail(Code::usage, "cannot tell what to install", "no version is given, and no `.cudaenv` is here or above",
                "cudaenv install 13.0");
  const Pin* pin = selection.pin ? &selection.pin->pin : nullptr;
  goals.push_back({TRY(installable_spec(world, selection)),
                   "`" + selection.spec + "` (set by " + describe(selection.origin) + ")", TRY(read_wanted(request, pin, data))});
  return goals;
}

Result<Plan> make_install_plan(const World& world, Channels& channels, Goal goal, const InstallRequest& request) {
  VersionSpec spec;
  const char* reason = nullptr;
  if (!parse_spec(goal.spec, spec, reason)) return fail(Code::usage, "cannot understand " + goal.asked, reason);
  const store::Layout layout{world.paths.root};
  const auto installed = TRY(store::read_installed(layout));
  const auto offers = gather_offers(channels, spec, goal.wanted, request.candidates);
  auto choice = TRY_CTX(choose_release(spec, goal.wanted, offers, channels.data().components, request.candidates),
                        "cannot install " + goal.asked);
  if (request.only.empty()) keep_installed(installed.toolkits, choice.release, channels.data(), goal.wanted);
  const auto closed = TRY(close_components(choice.release, goal.wanted, channels.data().components));
  const auto files = TRY(find_files(channels, choice.release, closed));
  auto resolution = TRY(pick_files(choice.release, files));
  resolution.rejected.insert(resolution.rejected.begin(), choice.rejected.begin(), choice.rejected.end());
  for (const std::vector<std::string>* notes : {&std::as_const(choice.notes), &closed.notes, &channels.notes()})
    resolution.notes.insert(resolution.notes.end(), notes->begin(), notes->end());
  const auto stored = stored_of(layout, resolution.artifacts);
  return make_plan(std::move(resolution), stored, installed.toolkits);
}

}  // namespace cudaenv::app
