#include <algorithm>

#include "base/text.hpp"
#include "resolve/facts.hpp"
#include "resolve/resolve.hpp"

namespace cudaenv {

namespace {

std::string text_of(const Version& version) { return std::string(to_text(version).view()); }
std::string quoted(const VersionSpec& spec) { return "`" + printable(spec.text, 130) + "`"; }

bool wants_compiler(const Wanted& wanted) {
  return wanted.everything || std::ranges::find(wanted.profile, "nvcc") != wanted.profile.end() ||
         std::ranges::find(wanted.named, "nvcc", &ComponentRequest::name) != wanted.named.end();
}

// The spec as a word of a command line: `<` and `>` mean something to a shell.
std::string argument(const VersionSpec& spec) {
  const bool quote = spec.text.find_first_of("<>! ") != std::string_view::npos;
  return quote ? "'" + std::string(spec.text) + "'" : std::string(spec.text);
}

const Release* find_release(const ChannelOffer& offer, const Version& version) {
  const auto found = std::ranges::find_if(offer.releases, [&](const Release& one) { return one.version == version; });
  return found == offer.releases.end() ? nullptr : &*found;
}

std::string cause_of(const Error& error) {
  std::string out = error.what;
  for (const auto& cause : error.causes) out += ": " + cause;
  return out;
}

std::string unreachable_text(const ChannelOffer& offer) {
  return "channel `" + offer.channel + "` cannot be reached (" + cause_of(*offer.unreachable) + ")";
}

// Everything that was looked at on the way to a choice.
struct Search {
  const VersionSpec& spec;
  const Wanted& wanted;
  const std::vector<ComponentFact>& facts;
  bool candidates;
  const Release* chosen = nullptr;
  std::vector<Rejected> rejected{};
  std::vector<std::string> notes{};
  std::vector<std::string> lacks{};  // "12.8.1 (wheels) has no nvcc…", newest first

  void look_at(const ChannelOffer& offer) {
    for (const auto& version : matching_versions(spec, offer.versions, candidates)) {
      const auto name = text_of(version) + " (" + offer.channel + ")";
      if (chosen) {
        rejected.push_back({name, why_not_after_all(offer)});
        continue;
      }
      const auto* release = find_release(offer, version);
      if (!release) continue;
      const auto reason = lacking(*release, wanted, facts);
      if (reason.empty()) {
        chosen = release;
        continue;
      }
      rejected.push_back({name, reason});
      lacks.push_back(name + " " + reason);
    }
    if (!candidates) reject_candidates(offer);
  }

  [[nodiscard]] std::string why_not_after_all(const ChannelOffer& offer) const {
    if (chosen->channel != offer.channel) return "channel `" + chosen->channel + "` comes first and has " + text_of(chosen->version);
    return "older than " + text_of(chosen->version);
  }

  void reject_candidates(const ChannelOffer& offer) {
    for (const auto& version : matching_versions(spec, offer.versions, true))
      if (version.prerelease() && !matches(spec, version))
        rejected.push_back({text_of(version) + " (" + offer.channel + ")", "is a release candidate; --pre allows it"});
  }
};

std::unexpected<Error> no_channel(const VersionSpec& spec, const std::vector<ChannelOffer>& offers) {
  Error error = make_error(Code::network, "cannot choose a release for " + quoted(spec));
  for (const auto& offer : offers) {
    error.causes.push_back(unreachable_text(offer));
    if (error.hint.empty()) error.hint = offer.unreachable->hint;
  }
  if (offers.empty()) error = make_error(Code::config, error.what, "no channel is configured", "cudaenv config");
  return std::unexpected(std::move(error));
}

// How far two versions are apart, most significant number first.
bool nearer(const Version& wanted, const Version& a, const Version& b) {
  for (std::size_t i = 0; i < wanted.part.size(); ++i) {
    const auto distance = [&](const Version& one) {
      return one.part[i] > wanted.part[i] ? one.part[i] - wanted.part[i] : wanted.part[i] - one.part[i];
    };
    if (distance(a) != distance(b)) return distance(a) < distance(b);
    // Once a number is off, the smaller ones count from that side: 13.5 is nearer to 99 than 13.0.
    if (distance(a) != 0) return a.part[i] < wanted.part[i] ? b < a : a < b;
  }
  return b < a;
}

std::string nearest(const VersionSpec& spec, const std::vector<ChannelOffer>& offers) {
  std::vector<Version> all;
  for (const auto& offer : offers)
    for (const auto& version : offer.versions)
      if (!version.prerelease() && std::ranges::find(all, version) == all.end()) all.push_back(version);
  const Version wanted = spec.kind == VersionSpec::Kind::prefix ? spec.version
                         : spec.bounds != 0                     ? spec.bound[0].version
                                                                : Version{};
  std::ranges::sort(all, [&](const Version& a, const Version& b) { return nearer(wanted, a, b); });
  if (all.size() > 4) all.resize(4);
  std::ranges::sort(all, [](const Version& a, const Version& b) { return b < a; });
  std::vector<std::string> out;
  for (const auto& version : all) out.push_back(text_of(version));
  return join(out, ", ");
}

std::unexpected<Error> nothing_matches(const Search& search, const std::vector<ChannelOffer>& offers) {
  Error error = make_error(Code::no_such_version, "cannot find a release of CUDA for " + quoted(search.spec));
  for (const auto& offer : offers)
    if (offer.unreachable) error.causes.push_back(unreachable_text(offer));
  const bool only_candidates = !search.rejected.empty();
  if (only_candidates) error.causes.push_back(search.rejected.front().candidate + " " + search.rejected.front().reason);
  else if (const auto names = nearest(search.spec, offers); !names.empty()) error.causes.push_back("the nearest are " + names);
  const auto& version = search.spec.version;
  if (search.spec.kind == VersionSpec::Kind::prefix && version.count >= 2 && version.major() == 12 && version.minor() == 7)
    error.causes.insert(error.causes.begin(), "there is no CUDA 12.7 toolkit, only a driver of that number");
  error.hint = only_candidates ? "cudaenv install --pre " + argument(search.spec) : "cudaenv list --available";
  return std::unexpected(std::move(error));
}

// Some release matches, but none has what is wanted.
std::unexpected<Error> nothing_serves(const Search& search, const std::vector<ChannelOffer>& offers) {
  Error error = make_error(Code::no_such_version, "cannot find a release of CUDA for " + quoted(search.spec) +
                                                      " with what is wanted");
  for (std::size_t i = 0; i < search.lacks.size() && i < 3; ++i) error.causes.push_back(search.lacks[i]);
  for (const auto& offer : offers) {
    if (!offer.unreachable) continue;
    const bool would_help = offer.kind == ChannelKind::redist && wants_compiler(search.wanted);
    error.causes.push_back(unreachable_text(offer) + (would_help ? ", which has nvcc for every release" : ""));
  }
  error.hint = wants_compiler(search.wanted) && !search.wanted.profile.empty()
                   ? "cudaenv install " + argument(search.spec) + " --profile runtime"
                   : "cudaenv list --available";
  return std::unexpected(std::move(error));
}

}  // namespace

std::vector<Version> matching_versions(const VersionSpec& spec, const std::vector<Version>& versions, bool candidates) {
  std::vector<Version> out;
  for (const auto& version : versions)
    if (matches(spec, version, candidates)) out.push_back(version);
  std::ranges::stable_sort(out, [](const Version& a, const Version& b) { return b < a; });
  return out;
}

std::string lacking(const Release& release, const Wanted& wanted, const std::vector<ComponentFact>& facts) {
  if (wants_compiler(wanted) && !release.has_nvcc) {
    if (release.kind == ChannelKind::wheels && release.version.major() < 13)
      return "has no nvcc: there is no nvcc wheel before 13.0, a redist channel such as `nvidia` has it";
    return "has no complete nvcc in channel `" + release.channel + "`";
  }
  std::vector<std::string> missing;
  for (const auto& one : wanted.named)
    if (!resolve::is_companion(facts, one.name) && resolve::holder(release, facts, one.name).empty()) missing.push_back(one.name);
  return missing.empty() ? std::string() : "has no " + join(missing, ", ");
}

Result<ReleaseChoice> choose_release(const VersionSpec& spec, const Wanted& wanted, const std::vector<ChannelOffer>& offers,
                                     const std::vector<ComponentFact>& facts, bool candidates) {
  using Kind = VersionSpec::Kind;
  if (spec.kind != Kind::prefix && spec.kind != Kind::range && spec.kind != Kind::latest)
    return fail(Code::usage, "cannot install " + quoted(spec), "it names no release", "cudaenv list --available");
  Search search{spec, wanted, facts, candidates};
  bool reachable = false;
  bool any_match = false;
  for (const auto& offer : offers) {
    if (offer.unreachable) {
      search.notes.push_back(unreachable_text(offer));
      continue;
    }
    reachable = true;
    any_match = any_match || !matching_versions(spec, offer.versions, candidates).empty();
    search.look_at(offer);
  }
  if (!reachable) return no_channel(spec, offers);
  if (!search.chosen) return any_match ? nothing_serves(search, offers) : nothing_matches(search, offers);
  return ReleaseChoice{*search.chosen, std::move(search.rejected), std::move(search.notes)};
}

}  // namespace cudaenv
