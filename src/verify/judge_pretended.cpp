// Verdicts for a driver that is not here: what the tables say, and nothing more.
#include <fmt/format.h>

#include "verify/causes.hpp"
#include "verify/judge.hpp"
#include "verify/reach.hpp"

namespace cudaenv::verify {

namespace {

std::string gpus_text(const DriverFacts& pretended) {
  std::string text;
  for (const auto& gpu : pretended.gpus) text += fmt::format(" sm_{}{}", gpu.cc_major, gpu.cc_minor);
  return text.empty() ? ", no GPU named" : "," + text;
}

Cause cause_of(const DriverJudgement& driver, const Reach& reach, CauseFacts known) {
  if (driver.reach == DriverReach::refused) {
    known.evidence = driver.evidence;
    return cause_of_error(35, known);
  }
  known.evidence = reach.why;
  if (reach.may == May::sass_only) return cause_of_error(222, known);
  return cause_of_finding(reach.may == May::refused ? "gpu-too-old" : "gpu-newer-than-toolkit", known);
}

}  // namespace

Verdict judge_pretended(const Tables& tables, const Version& toolkit, const DriverFacts& pretended) {
  const auto driver = judge_driver(tables, toolkit, pretended.libcuda.cuda, "");
  const auto reach = judge_reach(tables, toolkit, pretended);
  const auto shown = cuda_text(pretended.libcuda.cuda);
  Verdict verdict;
  verdict.pretended = true;
  verdict.toolkit = std::string(to_text(toolkit).view());
  const auto step = [&](const char* name, StepStatus status, std::string text) {
    verdict.steps.push_back({name, status, std::move(text)});
  };
  step("facts", StepStatus::skip, fmt::format("pretended: driver {}{}", shown, gpus_text(pretended)));
  step("genuine", StepStatus::skip, "pretended: no library was loaded");
  step("floor", driver.reach == DriverReach::refused ? StepStatus::fail : StepStatus::pass, driver.evidence);
  for (const auto& gpu : pretended.gpus) {
    const auto arch = judge_arch(tables, toolkit, gpu.cc_major * 10 + gpu.cc_minor);
    step("arch", arch.reach == ArchReach::native ? StepStatus::pass : StepStatus::fail, arch.evidence);
  }
  if (pretended.gpus.empty()) step("arch", StepStatus::skip, "pretended: CUDAENV_GPU names no GPU");
  step("sass", StepStatus::skip, "pretended: nothing was launched");
  step("ptx", driver.reach == DriverReach::sass_only ? StepStatus::fail : StepStatus::skip,
       driver.reach == DriverReach::sass_only ? "by the tables: " + driver.evidence : "pretended: nothing was launched");
  if (reach.may == May::full) return verdict;  // compile_only: a launch alone can prove more
  verdict.kind = reach.may == May::refused ? Verdict::Kind::refused : Verdict::Kind::degraded;
  CauseFacts known;
  known.toolkit = verdict.toolkit;
  known.driver = shown;
  known.module = "pretended";
  known.libcuda = "the pretended driver";
  verdict.cause = cause_of(driver, reach, std::move(known));
  return verdict;
}

}  // namespace cudaenv::verify
