#include "verify/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "verify/driver_view.hpp"

namespace cudaenv::verify {

Steps::Steps(const Evidence& evidence)
    : seen(evidence), report(evidence.report), driver(view_driver(evidence.machine, evidence.report)) {
  known_.toolkit = std::string(to_text(evidence.toolkit).view());
  known_.driver = driver.libcuda.cuda > 0 ? cuda_text(driver.libcuda.cuda) : "none";
  known_.module = driver.kernel_module.empty() ? "none" : driver.kernel_module;
  known_.libcuda = driver.libcuda.path.empty() ? "libcuda.so.1" : driver.libcuda.path;
  if (!evidence.origin.from.empty()) known_.origin = evidence.origin.from;
  if (!evidence.origin.remedy.empty()) known_.remedy = evidence.origin.remedy;
  verdict_.toolkit = known_.toolkit;
  for (const auto* gpu : asked())
    verdict_.gpus.push_back({gpu->index, gpu->uuid, gpu->name, fmt::format("{}.{}", gpu->cc_major, gpu->cc_minor),
                             Verdict::Kind::proven, {}});
}

void Steps::add(std::string name, StepStatus status, std::string text) {
  verdict_.steps.push_back({std::move(name), status, std::move(text)});
}

bool Steps::refuse_finding(const std::string& name, std::string_view id, const std::string& text) {
  known_.evidence = text;
  add(name, StepStatus::fail, text);
  if (!refusal_) refusal_ = cause_of_finding(id, known_);
  return false;
}

bool Steps::refuse_error(const std::string& name, long error, const std::string& text) {
  known_.evidence = text;
  add(name, StepStatus::fail, text);
  if (!refusal_) refusal_ = cause_of_error(static_cast<int>(error), known_);
  return false;
}

bool Steps::refuse(const std::string& name, const std::string& text, Cause cause) {
  add(name, StepStatus::fail, text);
  if (!refusal_) refusal_ = std::move(cause);
  return false;
}

std::string_view Steps::why_left() const {
  switch (report.end) {
    case ChildResult::End::timed_out: return "driver-hung";
    case ChildResult::End::signalled: return "driver-crashed";
    case ChildResult::End::over_memory: return "driver-greedy";
    case ChildResult::End::exited: break;
  }
  return "driver-left";
}

bool Steps::refuse_without_answer(const std::string& name) {
  // A file that is cut short is mapped whole; what is behind its end raises SIGBUS in the dynamic linker.
  const bool cut = report.end == ChildResult::End::signalled && report.status == SIGBUS && report.text("stage") == "load-libcuda";
  return refuse_finding(name, cut ? "libcuda-damaged" : why_left(), how_ended(report));
}

// A GPU that waits for the compiler says so; what ended the process is then the compiler's only if no other GPU was in
// the driver at that moment.
bool Steps::all_wait_for_the_compiler() const {
  const auto gpus = asked();
  return std::all_of(gpus.begin(), gpus.end(), [&](const GpuFacts* gpu) {
    return refused(gpu->index) || report.text(fmt::format("gpu.{}.stage", gpu->index)).starts_with("compile");
  });
}

GpuOutcome Steps::no_answer(int gpu) const {
  const bool compiling = all_wait_for_the_compiler();
  return {gpu, StepStatus::fail, how_ended(report, gpu), GpuOutcome::Means::refuse,
          std::string(compiling ? "compile-failed" : why_left())};
}

void Steps::explain(std::string_view id, const std::string& text) {
  if (degraded_ && degraded_->id == id) degraded_->what += text;
}

std::vector<const GpuFacts*> Steps::asked() const {
  std::vector<const GpuFacts*> list;
  for (const auto& gpu : driver.gpus)
    if (!seen.device || gpu.index == *seen.device) list.push_back(&gpu);
  return list;
}

bool Steps::only_compile(std::string_view id, const std::string& text, int cuda_error) {
  known_.evidence = text;
  add("facts", StepStatus::skip, text);
  compile_only_ = cause_of_finding(id, known_);
  compile_only_->cuda_error = cuda_error;
  return false;
}

void Steps::degrade_finding(std::string_view id, const std::string& text) {
  known_.evidence = text;
  if (!degraded_) degraded_ = cause_of_finding(id, known_);
}

void Steps::degrade_error(long error, const std::string& text) {
  known_.evidence = text;
  degraded_ = cause_of_error(static_cast<int>(error), known_);
}

Verdict Steps::conclude(bool launched) && {
  for (const auto* name : {"facts", "genuine", "floor", "arch", "sass", "ptx"})
    if (std::none_of(verdict_.steps.begin(), verdict_.steps.end(), [&](const Step& one) { return one.name == name; }))
      add(name, StepStatus::skip, "not reached");
  verdict_.elapsed_ms = report.elapsed_ms;
  // Without a single launch, nothing but the missing compiler may pass as a lesser success.
  const bool excused = degraded_ && (launched || degraded_->id == "no-compiler");
  if (compile_only_) {
    verdict_.kind = Verdict::Kind::compile_only;
    verdict_.cause = compile_only_;
  } else if (!refusal_ && excused) {
    verdict_.kind = Verdict::Kind::degraded;
    verdict_.cause = degraded_;
  } else if (refusal_ || !launched) {
    verdict_.kind = Verdict::Kind::refused;
    verdict_.cause = refusal_ ? refusal_ : degraded_;
  } else {
    verdict_.kind = Verdict::Kind::proven;
  }
  if (verdict_.kind == Verdict::Kind::refused && verdict_.cause) name_spared_gpus(*verdict_.cause);
  // What ended the proof for all of them, or before any had run.
  for (auto& gpu : verdict_.gpus)
    if (!launched && gpu.kind == Verdict::Kind::proven) gpu.kind = verdict_.kind;
  return std::move(verdict_);
}

}  // namespace cudaenv::verify
