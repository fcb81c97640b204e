// Steps over several GPUs: said once where they agree, and the GPU that fails is named.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "verify/steps.hpp"

namespace cudaenv::verify {

namespace {

using Means = GpuOutcome::Means;

int weight(StepStatus status) {
  return status == StepStatus::fail ? 2 : status == StepStatus::skip ? 1 : 0;
}

// "GPU 3" or "GPUs 0-2,5".
std::string gpu_list(const std::vector<int>& gpus) {
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < gpus.size();) {
    std::size_t last = i;
    while (last + 1 < gpus.size() && gpus[last + 1] == gpus[last] + 1) ++last;
    ranges.push_back(last == i ? std::to_string(gpus[i]) : fmt::format("{}-{}", gpus[i], gpus[last]));
    i = last + 1;
  }
  return (gpus.size() == 1 ? "GPU " : "GPUs ") + join(ranges, ",");
}

std::string merged_text(const std::vector<GpuOutcome>& outcomes) {
  struct Group {
    std::string text;
    std::vector<int> gpus;
  };
  std::vector<Group> groups;
  for (const auto& outcome : outcomes) {
    const auto same = [&](const Group& group) { return group.text == outcome.text; };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found == groups.end()) groups.push_back({outcome.text, {outcome.gpu}});
    else found->gpus.push_back(outcome.gpu);
  }
  if (outcomes.size() == 1) return outcomes.front().text;
  if (groups.size() == 1) return fmt::format("{} on {} GPUs", groups.front().text, outcomes.size());
  std::vector<std::string> parts;
  for (auto& group : groups) {
    std::sort(group.gpus.begin(), group.gpus.end());
    parts.push_back(gpu_list(group.gpus) + ": " + group.text);
  }
  return join(parts, "; ");
}

// A name for CUDA_VISIBLE_DEVICES that means the same whatever is visible now and however GPUs are ordered. It
// may be cut short for whole GPUs.
std::string visible_name(const GpuVerdict& gpu) {
  if (gpu.uuid.starts_with("GPU-")) return gpu.uuid.substr(0, 12);
  return gpu.uuid.empty() ? std::to_string(gpu.index) : gpu.uuid;
}

}  // namespace

bool Steps::refused(int gpu) const {
  const auto found = std::find_if(verdict_.gpus.begin(), verdict_.gpus.end(), [&](const auto& one) { return one.index == gpu; });
  return found != verdict_.gpus.end() && found->kind == Verdict::Kind::refused;
}

// The first GPU with that meaning decides; others with the same cause are named beside it.
void Steps::take_cause(const std::vector<GpuOutcome>& outcomes, Means means) {
  auto& kept = means == Means::refuse ? refusal_ : degraded_;
  const auto first = std::find_if(outcomes.begin(), outcomes.end(), [&](const auto& one) { return one.means == means; });
  // An error that the driver gave says more than what the tables had already said.
  if (first == outcomes.end() || (kept && (means == Means::refuse || first->error == 0))) return;
  known_.evidence = first->text;
  kept = first->finding.empty() ? cause_of_error(static_cast<int>(first->error), known_) : cause_of_finding(first->finding, known_);
  std::vector<int> same;
  for (const auto& one : outcomes)
    if (one.means == means && one.finding == first->finding && one.error == first->error) same.push_back(one.gpu);
  if (same.size() < verdict_.gpus.size()) kept->what = gpu_list(same) + ": " + kept->what;
}

void Steps::add_over_gpus(const std::string& name, std::vector<GpuOutcome> outcomes) {
  if (outcomes.empty()) return;
  // The worst first: that is what somebody looks for among eight GPUs.
  std::stable_sort(outcomes.begin(), outcomes.end(),
                   [](const auto& a, const auto& b) { return weight(a.status) > weight(b.status); });
  add(name, outcomes.front().status, merged_text(outcomes));
  for (const auto& outcome : outcomes)
    for (auto& gpu : verdict_.gpus) {
      if (gpu.index != outcome.gpu || outcome.means == Means::nothing) continue;
      const auto kind = outcome.means == Means::refuse ? Verdict::Kind::refused : Verdict::Kind::degraded;
      if (gpu.kind == Verdict::Kind::refused || (gpu.kind == kind && !gpu.why.empty())) continue;
      gpu.kind = kind;
      gpu.why = name + ": " + outcome.text;
    }
  take_cause(outcomes, Means::refuse);
  take_cause(outcomes, Means::degrade);
}

// Where some GPUs refuse and others do not, the others can be had.
void Steps::name_spared_gpus(Cause& cause) const {
  std::vector<std::string> spared;
  for (const auto& gpu : verdict_.gpus)
    if (gpu.kind != Verdict::Kind::refused) spared.push_back(visible_name(gpu));
  if (spared.empty() || spared.size() == verdict_.gpus.size()) return;
  cause.fix += fmt::format("; `export CUDA_VISIBLE_DEVICES={}` leaves the GPUs that work", join(spared, ","));
}

}  // namespace cudaenv::verify
