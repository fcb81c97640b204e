// The verdict while it is being built: steps, and the first reason why it is less than proven. Used by judge.cpp
// (driver, GPU, tables) and judge_launch.cpp (what ran).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/causes.hpp"
#include "verify/judge.hpp"

namespace cudaenv::verify {

class Steps {
 public:
  explicit Steps(const Evidence& evidence);

  const Evidence& seen;
  const ProbeReport& report;
  const DriverFacts driver;

  void add(std::string name, StepStatus status, std::string text);
  void pass(std::string name, std::string text) { add(std::move(name), StepStatus::pass, std::move(text)); }
  /// A failed step that refuses the toolkit; the first cause is the verdict's. Always false.
  bool refuse_finding(const std::string& name, std::string_view id, const std::string& text);
  bool refuse_error(const std::string& name, long error, const std::string& text);
  bool refuse(const std::string& name, const std::string& text, Cause cause);
  /// The probe ended before it could answer this step. Always false.
  bool refuse_without_answer(const std::string& name);
  /// No driver or GPU to run on: nothing is wrong. Always false.
  bool only_compile(std::string_view id, const std::string& text);
  /// Less than proven; adds no step.
  void degrade_finding(std::string_view id, const std::string& text);
  void degrade_error(long error, const std::string& text);

  [[nodiscard]] bool refused() const { return refusal_.has_value(); }
  [[nodiscard]] const std::string& module() const { return known_.module; }
  [[nodiscard]] const std::string& cuda() const { return known_.driver; }

  /// The verdict; steps that were not reached are added as skipped. `launched`: a kernel ran and its values are right.
  [[nodiscard]] Verdict conclude(bool launched) &&;

 private:
  CauseFacts known_;
  Verdict verdict_;
  std::optional<Cause> refusal_, degraded_, compile_only_;
};

/// Steps sass, ptx and cudart out of the probe's records. True where a kernel ran and its values are right.
[[nodiscard]] bool judge_launches(Steps& steps);

}  // namespace cudaenv::verify
