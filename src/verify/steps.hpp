// The verdict while it is being built: steps, and the first reason why it is less than proven. Used by judge.cpp
// (driver, GPU, tables) and judge_launch.cpp (what ran).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/causes.hpp"
#include "verify/judge.hpp"

namespace cudaenv::verify {

/// What one GPU says about a step.
struct GpuOutcome {
  enum class Means : std::uint8_t { nothing, degrade, refuse };

  int gpu = 0;  // CUDA's index
  StepStatus status = StepStatus::pass;
  std::string text;
  Means means = Means::nothing;
  std::string finding = {};  // id of the cause; empty: CUDA's `error` is the cause
  long error = 0;
};

class Steps {
 public:
  explicit Steps(const Evidence& evidence);

  const Evidence& seen;
  const ProbeReport& report;
  const DriverFacts driver;

  void add(std::string name, StepStatus status, std::string text);
  void pass(std::string name, std::string text) { add(std::move(name), StepStatus::pass, std::move(text)); }
  /// A step over several GPUs: the worst status counts, equal words are said once, the first GPU that refuses (else
  /// the first that degrades) gives the cause, which names it.
  void add_over_gpus(const std::string& name, std::vector<GpuOutcome> outcomes);
  /// A failed step that refuses the toolkit; the first cause is the verdict's. Always false.
  bool refuse_finding(const std::string& name, std::string_view id, const std::string& text);
  bool refuse_error(const std::string& name, long error, const std::string& text);
  bool refuse(const std::string& name, const std::string& text, Cause cause);
  /// The probe ended before it could answer this step. Always false.
  bool refuse_without_answer(const std::string& name);
  /// No driver or GPU to run on: nothing is wrong. Always false.
  bool only_compile(std::string_view id, const std::string& text, int cuda_error = 0);
  /// Less than proven; adds no step.
  void degrade_finding(std::string_view id, const std::string& text);
  void degrade_error(long error, const std::string& text);

  /// One GPU without an answer: it hung, crashed or left in its own stage.
  [[nodiscard]] GpuOutcome no_answer(int gpu) const;
  /// Words behind the cause `id`, where it is the cause of a degradation.
  void explain(std::string_view id, const std::string& text);

  /// The GPUs that are to be proven: the one asked for, or all.
  [[nodiscard]] std::vector<const GpuFacts*> asked() const;
  [[nodiscard]] bool refused() const { return refusal_.has_value(); }
  [[nodiscard]] bool refused(int gpu) const;
  [[nodiscard]] const std::string& module() const { return known_.module; }
  [[nodiscard]] const std::string& cuda() const { return known_.driver; }

  /// The verdict; steps that were not reached are added as skipped. `launched`: a kernel ran and its values are right.
  [[nodiscard]] Verdict conclude(bool launched) &&;

 private:
  [[nodiscard]] bool all_wait_for_the_compiler() const;
  [[nodiscard]] std::string_view why_left() const;
  void take_cause(const std::vector<GpuOutcome>& outcomes, GpuOutcome::Means means);
  void name_spared_gpus(Cause& cause) const;

  CauseFacts known_;
  Verdict verdict_;
  std::optional<Cause> refusal_, degraded_, compile_only_;
};

/// Steps sass, ptx and cudart out of the probe's records. True where a kernel ran on a GPU and its values are right.
[[nodiscard]] bool judge_launches(Steps& steps);

}  // namespace cudaenv::verify
