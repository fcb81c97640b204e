#include "verify/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "verify/driver_notes.hpp"
#include "verify/reach.hpp"
#include "verify/steps.hpp"

namespace cudaenv::verify {

namespace {

constexpr int error_stub = 34, error_too_old = 35, error_no_device = 100, error_invalid_device = 101;

bool speaks_of_genuineness(long error) { return error == error_stub || error == 803 || error == 804; }

std::string init_text(const Steps& steps, long error) {
  return fmt::format("cuInit answers {} {}", error, printable(steps.report.text("cuda.init_name"), 80));
}

std::string gpu_kind(const GpuFacts& gpu) {
  return fmt::format("{} sm_{}{}{}", gpu.name, gpu.cc_major, gpu.cc_minor, gpu.mig ? ", MIG" : "");
}

// "GPU 0 NVIDIA H100 sm_90"; of several, each kind once: "8 GPUs: 6 NVIDIA A100 sm_80, 2 NVIDIA T4 sm_75".
std::string gpus_text(const std::vector<const GpuFacts*>& gpus) {
  if (gpus.size() == 1) return fmt::format("GPU {} {}", gpus.front()->index, gpu_kind(*gpus.front()));
  std::vector<std::pair<std::string, int>> kinds;
  for (const auto* gpu : gpus) {
    const auto kind = gpu_kind(*gpu);
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& one) { return one.first == kind; });
    if (found == kinds.end()) kinds.emplace_back(kind, 1);
    else ++found->second;
  }
  std::vector<std::string> parts;
  for (const auto& [kind, count] : kinds) parts.push_back(fmt::format("{} {}", count, kind));
  return fmt::format("{} GPUs: {}", gpus.size(), join(parts, ", "));
}

std::string facts_text(const Steps& steps) {
  const auto& driver = steps.driver;
  const auto& version = driver.kernel_module.empty() ? driver.libcuda.file_version : driver.kernel_module;
  auto text = version.empty() ? "driver of CUDA " + steps.cuda() : fmt::format("driver {} (CUDA {})", version, steps.cuda());
  const auto asked = steps.asked();
  text += ", " + gpus_text(asked);
  if (steps.seen.visible.wrong()) text += ", " + describe_visible(steps.seen.visible);
  if (asked.size() < driver.gpus.size()) text += fmt::format(", {} GPUs in all", driver.gpus.size());
  if (!steps.seen.machine.container.empty()) text += ", in " + steps.seen.machine.container;
  return text;
}

bool libcuda_does_not_load(Steps& steps) {
  const auto& report = steps.report;
  const auto& machine = steps.seen.machine;
  const auto text = printable(report.text("libcuda.error"), 400);
  if (text.find("wrong ELF class") != std::string::npos) return steps.refuse_finding("facts", "libcuda-wrong-class", text);
  const auto wanted = report.has("libcuda.wanted") ? report.text("libcuda.wanted") : "libcuda.so.1";
  // The linker names the file it misses: another name is a library that libcuda needs.
  const bool missing = text.starts_with(printable(wanted, 300) + ":") && text.find("No such file") != std::string::npos;
  if (!missing) return steps.refuse_finding("facts", "libcuda-damaged", text);
  if (report.has("libcuda.present"))
    return steps.refuse_finding("facts", "libcuda-wrong-class", printable(wanted, 300) + " is there, and the dynamic linker passes it over");
  if (report.has("libcuda.wanted"))
    return steps.refuse("facts", "CUDAENV_LIBCUDA: " + text,
                        {"libcuda-missing", 0, fmt::format("CUDAENV_LIBCUDA names `{}`, which is not there", printable(wanted, 300)),
                         "unset CUDAENV_LIBCUDA"});
  if (machine.has_device_nodes())
    return steps.refuse_finding("facts", "libcuda-missing", text);
  return steps.only_compile("no-driver", machine.has_driver() ? "no libcuda.so.1 and no device node (started without --gpus?)"
                                                              : "no libcuda.so.1, no kernel module");
}

// The entry of CUDA_VISIBLE_DEVICES that hides every GPU, and a value that does not.
bool wrongly_hidden(Steps& steps, const std::string& text, int error) {
  const auto& visible = steps.seen.visible;
  return steps.refuse("facts", text + "; " + describe_visible(visible),
                      {error == error_no_device ? "no-device" : "invalid-device", error, describe_visible(visible), working_visible(steps.driver.nvml.gpus)});
}

bool no_device(Steps& steps, std::string text) {
  const auto& machine = steps.seen.machine;
  const auto& visible = steps.seen.visible;
  if (visible.on_purpose) return steps.only_compile("gpus-hidden", text + "; " + describe_visible(visible), error_no_device);
  if (visible.hides_all() && (machine.has_device_nodes() || !steps.driver.nvml.gpus.empty())) return wrongly_hidden(steps, text, error_no_device);
  if (machine.gpus.empty() && !machine.has_device_nodes()) return steps.only_compile("no-gpu", text);
  for (const auto& note : driver_notes(machine, steps.driver, visible, {})) text += "; " + note;
  return steps.refuse_error("facts", error_no_device, text);
}

// Which driver, which GPU.
bool judge_facts(Steps& steps) {
  const auto& report = steps.report;
  if (report.has("libcuda.error")) return libcuda_does_not_load(steps);
  if (report.has("libcuda.missing_symbol"))
    return steps.refuse_finding("facts", "libcuda-incomplete", printable(report.text("libcuda.missing_symbol"), 80));
  const auto error = report.number("cuda.init");
  if (!error) return steps.refuse_without_answer("facts");
  if (*error == error_no_device) return no_device(steps, init_text(steps, *error));
  // What names one GPU twice does not hide it: cuInit itself refuses.
  if (*error == error_invalid_device && steps.seen.visible.hides_all())
    return wrongly_hidden(steps, init_text(steps, *error), error_invalid_device);
  if (*error != 0 && !speaks_of_genuineness(*error)) return steps.refuse_error("facts", *error, init_text(steps, *error));
  const auto count = report.number("device.count");
  if (*error == 0 && !count) return steps.refuse_without_answer("facts");
  if (*error == 0 && *count == 0) return no_device(steps, "0 devices");
  if (*error == 0 && steps.asked().empty())
    return steps.refuse_error("facts", error_invalid_device, fmt::format("device {} of {}", steps.seen.device.value_or(0), *count));
  steps.pass("facts", facts_text(steps));
  return true;
}

// Is this libcuda the running module's?
bool judge_genuine(Steps& steps) {
  const long error = steps.report.number("cuda.init").value_or(0);
  const auto& libcuda = steps.driver.libcuda;
  const auto against = fmt::format("{}, kernel module {}", libcuda.path, steps.module());
  if (error != 0) return steps.refuse_error("genuine", error, init_text(steps, error) + ": " + against);
  if (libcuda.kind == LibcudaFacts::Kind::stub) return steps.refuse_error("genuine", error_stub, against);
  if (libcuda.kind == LibcudaFacts::Kind::compat) steps.pass("genuine", "forward compatibility: " + against);
  else if (libcuda.kind == LibcudaFacts::Kind::wsl) steps.pass("genuine", "WSL: " + libcuda.path);
  else steps.pass("genuine", against);
  return true;
}

bool judge_floor(Steps& steps, const Tables& tables) {
  const auto& libcuda = steps.driver.libcuda;
  const auto judged = judge_driver(tables, steps.seen.toolkit, libcuda.cuda, libcuda.file_version);
  if (judged.reach == DriverReach::refused) return steps.refuse_error("floor", error_too_old, judged.evidence);
  steps.pass("floor", judged.evidence);
  return true;
}

// True where one GPU at least is not too old.
bool judge_gpus(Steps& steps, const Tables& tables) {
  using Means = GpuOutcome::Means;
  std::vector<GpuOutcome> outcomes;
  bool any = false;
  for (const auto* gpu : steps.asked()) {
    const auto judged = judge_arch(tables, steps.seen.toolkit, gpu->cc_major * 10 + gpu->cc_minor);
    const bool too_old = judged.reach == ArchReach::gpu_too_old, native = judged.reach == ArchReach::native;
    any = any || !too_old;
    outcomes.push_back({gpu->index, native ? StepStatus::pass : StepStatus::fail, judged.evidence,
                        too_old ? Means::refuse : native ? Means::nothing : Means::degrade,
                        native ? "" : too_old ? "gpu-too-old" : "gpu-newer-than-toolkit"});
  }
  steps.add_over_gpus("arch", std::move(outcomes));
  return any;
}

}  // namespace

Verdict judge(const Tables& tables, const Evidence& evidence) {
  Steps steps(evidence);
  // What follows a refusal is skipped: a stub's floor means nothing.
  const bool launched = judge_facts(steps) && judge_genuine(steps) && judge_floor(steps, tables) &&
                        judge_gpus(steps, tables) && judge_launches(steps);
  return std::move(steps).conclude(launched);
}

}  // namespace cudaenv::verify
