// What the toolkit's kernel did on the GPU, and its runtime library.
#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/steps.hpp"

namespace cudaenv::verify {

namespace {

constexpr long kernel_values = 4096;

std::string made_by(const ProbeReport& report, const std::string& name) {
  auto text = fmt::format("{} by {}", printable(report.text(name + ".target"), 40), printable(report.text(name + ".way"), 40));
  if (report.text(name + ".way") == "text") text += " (PTX of ours at the toolkit's own ISA)";
  return text;
}

std::string failed_call(const ProbeReport& report, const std::string& name) {
  auto text = fmt::format("{}: {} answers {} {}", made_by(report, name), printable(report.text(name + ".call"), 40),
                          printable(report.text(name + ".error"), 40), printable(report.text(name + ".error_name"), 80));
  if (report.has(name + ".log")) text += ": " + printable(report.text(name + ".log"), 200);
  return text;
}

bool ran_right(const ProbeReport& report, const std::string& name) {
  return report.number(name + ".error") == 0 && report.number(name + ".checked") == kernel_values &&
         report.number(name + ".wrong") == 0;
}

// Why there is no image of a kind. True where there is one.
bool compiled(Steps& steps, const std::string& name) {
  if (!steps.report.has(name + ".compile_error")) return true;
  const auto text = printable(steps.report.text(name + ".compile_error"), 400);
  if (text.starts_with("no-compiler: ")) {
    steps.add(name, StepStatus::skip, text.substr(13));
    steps.degrade_finding("no-compiler", text.substr(13));
  } else if (text.starts_with("no-target: ")) {
    steps.add(name, StepStatus::fail, text.substr(11));
    steps.degrade_finding("gpu-newer-than-toolkit", text.substr(11));
  } else {
    steps.refuse_finding(name, "compile-failed", text);
  }
  return false;
}

// Only the driver's own compiler fails with these: machine code is not concerned.
bool speaks_of_jit(long error) { return error == 218 || error == 221 || error == 222 || error == 300; }

void judge_image(Steps& steps, const std::string& name) {
  if (!compiled(steps, name)) return;
  const auto error = steps.report.number(name + ".error");
  if (!error) {
    steps.refuse_without_answer(name);
  } else if (name == "ptx" && speaks_of_jit(*error) && ran_right(steps.report, "sass")) {
    steps.add(name, StepStatus::fail, failed_call(steps.report, name));
    steps.degrade_error(*error, failed_call(steps.report, name));
  } else if (*error != 0) {
    steps.refuse_error(name, *error, failed_call(steps.report, name));
  } else if (ran_right(steps.report, name)) {
    steps.pass(name, fmt::format("{}, {} values checked", made_by(steps.report, name), kernel_values));
  } else {
    steps.refuse_finding(name, "wrong-results",
                         fmt::format("{}: {} of {} values are wrong", made_by(steps.report, name),
                                     printable(steps.report.text(name + ".wrong"), 20), kernel_values));
  }
}

void judge_cudart(Steps& steps) {
  const auto& report = steps.report;
  const auto file = printable(fs::base_name(report.text("cudart.path")));
  const auto error = report.number("cudart.error");
  if (report.has("cudart.load_error")) {
    steps.refuse_finding("cudart", "cudart-damaged", printable(report.text("cudart.load_error"), 300));
  } else if (!error) {
    steps.refuse_without_answer("cudart");
  } else if (*error != 0) {
    steps.refuse_error("cudart", *error,
                       fmt::format("{}: {} answers {} {}", file, printable(report.text("cudart.call"), 40), *error,
                                   printable(report.text("cudart.error_name"), 80)));
  } else if (report.text("cudart.copied") != "same") {
    steps.refuse_finding("cudart", "wrong-results", file + ": copied bytes differ");
  } else {
    steps.pass("cudart", fmt::format("{} {}: allocated, copied, compared, freed", file,
                                     printable(report.text("cudart.version"), 20)));
  }
}

}  // namespace

bool judge_launches(Steps& steps) {
  const auto& report = steps.report;
  if (const long error = report.number("context.error").value_or(0); error != 0)
    return steps.refuse_error("sass", error, fmt::format("no context: {} {}", error, printable(report.text("context.error_name"), 80)));
  judge_image(steps, "sass");
  if (!steps.refused() || report.has("ptx.way")) judge_image(steps, "ptx");
  if (report.has("cudart.path")) judge_cudart(steps);
  if (!report.done() && !steps.refused()) steps.refuse_without_answer("probe");
  return ran_right(report, "sass") || ran_right(report, "ptx");
}

}  // namespace cudaenv::verify
