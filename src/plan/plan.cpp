#include "plan/plan.hpp"

#include <algorithm>

namespace cudaenv {

namespace {

std::set<std::string> hashes(const std::vector<Artifact>& artifacts) {
  std::set<std::string> out;
  for (const auto& one : artifacts) out.insert(one.sha256);
  return out;
}

bool same_toolkit(const Receipt& receipt, const Resolution& resolution, const std::set<std::string>& wanted) {
  if (receipt.linked || !(receipt.version == resolution.version)) return false;
  std::set<std::string> present;
  for (const auto& component : receipt.components) present.insert(component.sha256);
  return present == wanted;
}

// The longest download first keeps every connection busy to the end; an unknown size may be the longest.
bool sooner(const Artifact& a, const Artifact& b) {
  if ((a.size == 0) != (b.size == 0)) return a.size == 0;
  return a.size != b.size ? a.size > b.size : a.component < b.component;
}

}  // namespace

Plan make_plan(Resolution resolution, const std::set<std::string>& stored, const std::vector<Receipt>& installed) {
  Plan out;
  const auto wanted = hashes(resolution.artifacts);
  out.nothing_to_do = !wanted.empty() && std::ranges::any_of(installed, [&](const Receipt& receipt) {
    return same_toolkit(receipt, resolution, wanted);
  });
  std::set<std::string> planned;
  for (const auto& artifact : resolution.artifacts) {
    if (!planned.insert(artifact.sha256).second) continue;  // two components in one file: one download
    if (out.nothing_to_do || stored.contains(artifact.sha256)) {
      out.reuse.push_back(artifact);
      continue;
    }
    out.fetch.push_back(artifact);
    out.download_bytes += artifact.size;
    if (artifact.size == 0) ++out.unknown_sizes;
  }
  std::ranges::sort(out.fetch, sooner);
  out.resolution = std::move(resolution);
  return out;
}

}  // namespace cudaenv
