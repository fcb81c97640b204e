#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "resolve/facts.hpp"
#include "resolve/resolve.hpp"

namespace cudaenv {

namespace {

std::string name_of(const Release& release) {
  return "CUDA " + std::string(to_text(release.version).view()) + " of channel `" + release.channel + "`";
}

// Everything that could have been meant.
std::string known_names(const Release& release, const std::vector<ComponentFact>& facts) {
  std::set<std::string> names(release.components.begin(), release.components.end());
  for (const auto& fact : facts)
    if (fact.companion) names.insert(fact.name);
  return join({names.begin(), names.end()}, ", ");
}

class Closure {
 public:
  Closure(const Release& release, const Wanted& wanted, const std::vector<ComponentFact>& facts)
      : release_(release), wanted_(wanted), facts_(facts) {}

  Result<ClosedComponents> run() {
    take_profile();
    for (const auto& request : wanted_.named) TRY(take_named(request));
    out_.components.assign(taken_.begin(), taken_.end());
    return std::move(out_);
  }

 private:
  void take_profile() {
    if (wanted_.everything)
      for (const auto& name : release_.components) {
        const auto* fact = resolve::find_fact(facts_, name);
        if (!fact || !fact->only_by_name) take(name);
      }
    std::vector<std::string> absent;
    for (const auto& name : wanted_.profile) {
      const auto holder = resolve::holder(release_, facts_, name);
      if (holder.empty()) absent.push_back(name);
      else take(std::string(holder));
    }
    if (!absent.empty())
      out_.notes.push_back(name_of(release_) + " has no " + join(absent, ", ") + ": left out of profile " + wanted_.profile_name);
  }

  Result<void> take_named(const ComponentRequest& request) {
    const auto* fact = resolve::find_fact(facts_, request.name);
    if (fact && fact->companion) {
      const bool known = std::ranges::find(out_.companions, request.name, &ComponentRequest::name) != out_.companions.end();
      if (!known) out_.companions.push_back(request);
      take_needs(*fact);
      return {};
    }
    const auto holder = resolve::holder(release_, facts_, request.name);
    if (holder.empty())
      return fail(fact ? Code::no_such_version : Code::usage, "cannot find component `" + request.name + "`",
                  name_of(release_) + " has " + known_names(release_, facts_), "cudaenv list --available");
    if (!request.version.empty())
      return fail(Code::usage, "cannot choose a version of `" + request.name + "`",
                  "it belongs to the toolkit; only cudnn, nccl and the like have versions of their own",
                  "cudaenv install --with " + request.name);
    if (holder != request.name)
      out_.notes.push_back(request.name + " is inside " + std::string(holder) + " before " +
                           std::string(to_text(fact->inside_before).view()));
    take(std::string(holder));
    return {};
  }

  void take(const std::string& name) {
    if (!taken_.insert(name).second) return;
    if (const auto* fact = resolve::find_fact(facts_, name)) take_needs(*fact);
    if (const auto said = release_.needs.find(name); said != release_.needs.end())
      for (const auto& needed : said->second) take_if_there(needed);
  }

  void take_needs(const ComponentFact& fact) {
    for (const auto& needed : fact.needs) take_if_there(needed);
  }

  void take_if_there(const std::string& name) {
    const auto holder = resolve::holder(release_, facts_, name);
    if (!holder.empty()) take(std::string(holder));
  }

  const Release& release_;
  const Wanted& wanted_;
  const std::vector<ComponentFact>& facts_;
  std::set<std::string> taken_;
  ClosedComponents out_;
};

}  // namespace

Result<ClosedComponents> close_components(const Release& release, const Wanted& wanted,
                                          const std::vector<ComponentFact>& facts) {
  return Closure(release, wanted, facts).run();
}

}  // namespace cudaenv
