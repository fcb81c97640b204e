#include "cli/render_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

Style style_of(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::proven: return Style::green;
    case Verdict::Kind::refused: return Style::red;
    default: return Style::yellow;
  }
}

Style style_of(StepStatus status) {
  switch (status) {
    case StepStatus::pass: return Style::green;
    case StepStatus::fail: return Style::red;
    case StepStatus::skip: return Style::dim;
  }
  return Style::plain;
}

Style style_of(May may) {
  if (may == May::refused) return Style::red;
  return may == May::full ? Style::green : Style::yellow;
}

std::string cuda_text(int cuda) { return fmt::format("{}.{}", cuda / 1000, cuda % 1000 / 10); }

std::string libcuda_text(const LibcudaFacts& libcuda) {
  if (libcuda.kind == LibcudaFacts::Kind::missing) return "not found";
  auto text = fmt::format("{} ({})", libcuda.path, libcuda_kind_name(libcuda.kind));
  if (libcuda.init_error != 0) text += fmt::format(", cuInit answers {}", libcuda.init_error);
  return text;
}

// What NVML names and CUDA does not show. Of a GPU in MIG mode CUDA shows instances, under names of their own.
std::vector<NvmlGpu> hidden_gpus(const DriverFacts& facts) {
  std::vector<NvmlGpu> hidden;
  for (const auto& gpu : facts.nvml.gpus)
    if (!gpu.mig_mode && std::none_of(facts.gpus.begin(), facts.gpus.end(), [&](const GpuFacts& seen) { return seen.uuid == gpu.uuid; }))
      hidden.push_back(gpu);
  return hidden;
}

std::string gpu_text(const GpuFacts& gpu) {
  auto text = fmt::format("{}, sm_{}{}", gpu.name, gpu.cc_major, gpu.cc_minor);
  if (gpu.memory_bytes != 0) text += ", " + human_bytes(gpu.memory_bytes);
  if (gpu.mig) text += ", MIG";
  return gpu.uuid.empty() ? text : text + ", " + gpu.uuid;
}

}  // namespace

namespace {

// "GPU 5: …; GPUs 0-4: …" is one line for each.
void add_step_rows(const World& world, const Step& step, std::vector<std::vector<std::string>>& rows) {
  std::string_view rest = step.evidence;
  for (bool first = true; first || !rest.empty(); first = false) {
    const auto cut = rest.find("; GPU");
    const auto line = std::string(rest.substr(0, cut));
    rest = cut == std::string_view::npos ? std::string_view() : rest.substr(cut + 2);
    if (first) rows.push_back({"  " + step.name, styled(world, style_of(step.status), step_status_name(step.status)), line});
    else rows.push_back({"", "", line});
  }
}

std::string without_dot(std::string text) {
  std::erase(text, '.');
  return text;
}

// Several GPUs that differ: which of them works is what somebody wants to know first.
std::string gpus_text(const World& world, const Verdict& verdict) {
  const auto same = [&](const GpuVerdict& gpu) { return gpu.kind == verdict.kind; };
  if (std::all_of(verdict.gpus.begin(), verdict.gpus.end(), same)) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& gpu : verdict.gpus)
    rows.push_back({fmt::format("  GPU {}", gpu.index), styled(world, style_of(gpu.kind), verdict_name(gpu.kind)), gpu.name,
                    "sm_" + without_dot(gpu.compute_capability), gpu.why});
  return table(rows);
}

}  // namespace

std::string verdict_text(const World& world, const Verdict& verdict) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& step : verdict.steps) add_step_rows(world, step, rows);
  std::string text = fmt::format("{}  {}  ({:.1f} ms{}{})\n", styled(world, Style::bold, verdict.toolkit),
                                 styled(world, style_of(verdict.kind), verdict_name(verdict.kind)), verdict.elapsed_ms,
                                 verdict.cached ? ", cached" : "", verdict.pretended ? ", pretended" : "");
  text += table(rows) + gpus_text(world, verdict);
  if (verdict.pretended) text += "  pretended: judged by the tables, nothing was launched\n";
  if (verdict.compat)
    text += fmt::format("  compat: {} {}: {}\n", verdict.compat->folder, verdict.compat->active ? "is used" : "is not used",
                        verdict.compat->why);
  if (verdict.cause) text += fmt::format("  why: {}\n  fix: {}\n", verdict.cause->what, verdict.cause->fix);
  return text;
}

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows driver_rows(const DriverFacts& facts) {
  if (facts.pretended_by == "CUDAENV_DRIVER")
    return {{"driver", fmt::format("pretended by CUDAENV_DRIVER: CUDA {}", cuda_text(facts.libcuda.cuda))}};
  Rows rows;
  if (facts.pretended) rows.push_back({"pretended by", facts.pretended_by});
  rows.push_back({"kernel module", facts.kernel_module.empty() ? "none" : facts.kernel_module});
  rows.push_back({"libcuda", libcuda_text(facts.libcuda)});
  if (facts.libcuda.cuda != 0) rows.push_back({"CUDA", cuda_text(facts.libcuda.cuda)});
  return rows;
}

void add_gpu_rows(const DriverFacts& facts, Rows& rows) {
  for (const auto& gpu : facts.gpus)
    rows.push_back({fmt::format("GPU {}", gpu.index), facts.pretended_by == "CUDAENV_DRIVER"
                                                          ? fmt::format("pretended by CUDAENV_GPU: sm_{}{}", gpu.cc_major, gpu.cc_minor)
                                                          : gpu_text(gpu)});
  if (facts.gpus.empty()) rows.push_back({"GPU", "none"});
  for (const auto& gpu : hidden_gpus(facts)) rows.push_back({"not visible", gpu.name + ", " + gpu.uuid});
}

}  // namespace

std::string driver_text(const World& world, const DriverFacts& facts, const std::vector<app::ToolkitMay>& toolkits) {
  auto rows = driver_rows(facts);
  add_gpu_rows(facts, rows);
  std::string text = table(rows);
  for (const auto& sentence : facts.notes) text += fmt::format("{}: {}\n", styled(world, Style::yellow, "note"), sentence);
  if (toolkits.empty()) return text;
  rows.clear();
  for (const auto& one : toolkits)
    rows.push_back({(one.newest_full ? "* " : "  ") + std::string(to_text(one.version).view()), one.installed ? "installed" : "available",
                    styled(world, style_of(one.reach.may), may_name(one.reach.may)), one.reach.why});
  const bool marked = std::any_of(toolkits.begin(), toolkits.end(), [](const auto& one) { return one.newest_full; });
  text += "\n" + table(rows);
  return marked ? text + styled(world, Style::dim, "* the newest of its major version that is `full` here") + "\n" : text;
}

}  // namespace cudaenv::cli
