// Small questions about components, shared by the steps of resolve.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"

namespace cudaenv::resolve {

[[nodiscard]] inline const ComponentFact* find_fact(const std::vector<ComponentFact>& facts, std::string_view name) {
  const auto found = std::ranges::find(facts, name, &ComponentFact::name);
  return found == facts.end() ? nullptr : &*found;
}
[[nodiscard]] inline bool is_companion(const std::vector<ComponentFact>& facts, std::string_view name) {
  const auto* fact = find_fact(facts, name);
  return fact != nullptr && fact->companion;
}
/// The component of this release that holds `name`: itself, or what it is inside of; empty: none.
[[nodiscard]] inline std::string_view holder(const Release& release, const std::vector<ComponentFact>& facts,
                                             std::string_view name) {
  if (release.has(name)) return name;
  const auto* fact = find_fact(facts, name);
  if (fact != nullptr && !fact->inside.empty() && release.version < fact->inside_before && release.has(fact->inside))
    return fact->inside;
  return {};
}

}  // namespace cudaenv::resolve
