// Verdicts for a driver that is not here: what the tables say, and nothing more.
#include <fmt/format.h>

#include "verify/causes.hpp"
#include "verify/judge.hpp"
#include "verify/reach.hpp"

namespace cudaenv::verify {

namespace {

// "node.json: driver 580.159.04 (CUDA 13.0), sm_90 sm_90".
std::string facts_text(const DriverFacts& pretended) {
  const auto cuda = cuda_text(pretended.libcuda.cuda);
  auto text = pretended.kernel_module.empty() ? fmt::format("driver {}", cuda)
                                              : fmt::format("driver {} (CUDA {})", pretended.kernel_module, cuda);
  for (std::size_t i = 0; i < pretended.gpus.size(); ++i)
    text += fmt::format("{} sm_{}{}", i == 0 ? "," : "", pretended.gpus[i].cc_major, pretended.gpus[i].cc_minor);
  return pretended.gpus.empty() ? text + ", no GPU named" : text;
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

// A file with the facts of another machine may say that no driver starts there.
bool starts(const DriverFacts& pretended) {
  return pretended.libcuda.kind != LibcudaFacts::Kind::missing && pretended.libcuda.init_error == 0;
}

void judge_absent(const DriverFacts& pretended, const CauseFacts& known, Verdict& verdict) {
  const int error = pretended.libcuda.init_error;
  if (error != 0) verdict.kind = Verdict::Kind::refused;
  verdict.cause = error != 0 ? cause_of_error(error, known) : cause_of_finding("no-driver", known);
}

}  // namespace

Verdict judge_pretended(const Tables& tables, const Version& toolkit, const DriverFacts& pretended) {
  const auto driver = judge_driver(tables, toolkit, pretended.libcuda.cuda, pretended.libcuda.file_version);
  const auto reach = judge_reach(tables, toolkit, pretended);
  Verdict verdict;
  verdict.pretended = true;
  verdict.toolkit = std::string(to_text(toolkit).view());
  const auto step = [&](const char* name, StepStatus status, std::string text) {
    verdict.steps.push_back({name, status, std::move(text)});
  };
  step("facts", StepStatus::skip, fmt::format("pretended by {}: {}", pretended.pretended_by, facts_text(pretended)));
  step("genuine", StepStatus::skip, "pretended: no library was loaded");
  CauseFacts known;
  known.toolkit = verdict.toolkit;
  known.driver = cuda_text(pretended.libcuda.cuda);
  known.module = pretended.kernel_module.empty() ? "pretended" : pretended.kernel_module;
  known.libcuda = pretended.libcuda.path.empty() ? "the pretended driver" : pretended.libcuda.path;
  known.evidence = "as " + pretended.pretended_by + " says";
  if (!starts(pretended)) return judge_absent(pretended, known, verdict), verdict;
  step("floor", driver.reach == DriverReach::refused ? StepStatus::fail : StepStatus::pass, driver.evidence);
  for (const auto& gpu : pretended.gpus) {
    const auto arch = judge_arch(tables, toolkit, gpu.cc_major * 10 + gpu.cc_minor);
    step("arch", arch.reach == ArchReach::native ? StepStatus::pass : StepStatus::fail, arch.evidence);
  }
  if (pretended.gpus.empty()) step("arch", StepStatus::skip, "pretended: no GPU is named");
  step("sass", StepStatus::skip, "pretended: nothing was launched");
  step("ptx", driver.reach == DriverReach::sass_only ? StepStatus::fail : StepStatus::skip,
       driver.reach == DriverReach::sass_only ? "by the tables: " + driver.evidence : "pretended: nothing was launched");
  if (reach.may == May::full) return verdict;  // compile_only: a launch alone can prove more
  verdict.kind = reach.may == May::refused ? Verdict::Kind::refused : Verdict::Kind::degraded;
  verdict.cause = cause_of(driver, reach, known);
  return verdict;
}

}  // namespace cudaenv::verify
