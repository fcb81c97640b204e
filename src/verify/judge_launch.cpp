// What the toolkit's kernel did on each GPU, and its runtime library.
#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/steps.hpp"

namespace cudaenv::verify {

namespace {

using Means = GpuOutcome::Means;

constexpr long kernel_values = 4096;

// Records of one step on one GPU: gpu.3.sass.way.
class StepRecords {
 public:
  StepRecords(const ProbeReport& report, int gpu, std::string_view step)
      : report_(report), prefix_(fmt::format("gpu.{}.{}.", gpu, step)) {}
  [[nodiscard]] bool has(std::string_view name) const { return report_.has(key(name)); }
  [[nodiscard]] std::string text(std::string_view name, std::size_t cap = 80) const { return printable(report_.text(key(name)), cap); }
  [[nodiscard]] std::optional<long> number(std::string_view name) const { return report_.number(key(name)); }
  [[nodiscard]] bool ran_right() const {
    return number("error") == 0 && number("checked") == kernel_values && number("wrong") == 0;
  }

 private:
  [[nodiscard]] std::string key(std::string_view name) const { return prefix_ + std::string(name); }
  const ProbeReport& report_;
  std::string prefix_;
};

std::string made_by(const StepRecords& step) {
  const auto way = step.text("way", 40);
  auto text = fmt::format("{} by {}", step.text("target", 40), way);
  if (way == "text") text += " (PTX of ours at the toolkit's own ISA)";
  if (way == "carried") text += " (PTX that the probe carries)";
  return text;
}

std::string failed_call(const StepRecords& step) {
  auto text = fmt::format("{}: {} answers {} {}", made_by(step), step.text("call"), step.text("error"), step.text("error_name"));
  if (step.has("log")) text += ": " + step.text("log", 200);
  return text;
}

GpuOutcome refusal(int gpu, std::string text, std::string finding, long error = 0) {
  return {gpu, StepStatus::fail, std::move(text), Means::refuse, std::move(finding), error};
}

// Why there is no image of a kind.
GpuOutcome judge_compilation(int gpu, const StepRecords& step) {
  const auto text = step.text("compile_error", 400);
  if (text.starts_with("no-compiler: "))
    return {gpu, StepStatus::skip, text.substr(13), Means::degrade, "no-compiler"};
  if (text.starts_with("no-target: "))
    return {gpu, StepStatus::fail, text.substr(11), Means::degrade, "gpu-newer-than-toolkit"};
  return refusal(gpu, text, "compile-failed");
}

// Only the driver's own compiler fails with these: machine code is not concerned.
bool speaks_of_jit(long error) { return error == 218 || error == 221 || error == 222 || error == 300; }

// Nothing of the toolkit ran: what the driver makes of the probe's own PTX refuses, and never proves.
GpuOutcome judge_carried(int gpu, const StepRecords& step, long error) {
  if (error == 0 && step.ran_right())
    return {gpu, StepStatus::skip, fmt::format("the toolkit has no compiler; {} ran through the driver", made_by(step)),
            Means::degrade, "no-compiler"};
  if (speaks_of_jit(error)) return {gpu, StepStatus::skip, failed_call(step), Means::degrade, "no-compiler"};
  return refusal(gpu, failed_call(step), "", error);
}

GpuOutcome judge_image(const Steps& steps, int gpu, std::string_view name) {
  const StepRecords step(steps.report, gpu, name);
  if (step.has("compile_error")) return judge_compilation(gpu, step);
  const auto error = step.number("error");
  if (!error) return steps.no_answer(gpu);
  const bool wrong = *error == 0 && !step.ran_right();
  if (wrong)
    return refusal(gpu, fmt::format("{}: {} of {} values are wrong", made_by(step), step.text("wrong", 20), kernel_values),
                   "wrong-results");
  if (step.text("way") == "carried") return judge_carried(gpu, step, *error);
  if (*error == 0) return {gpu, StepStatus::pass, fmt::format("{}, {} values checked", made_by(step), kernel_values)};
  if (name == "ptx" && speaks_of_jit(*error) && StepRecords(steps.report, gpu, "sass").ran_right())
    return {gpu, StepStatus::fail, failed_call(step), Means::degrade, "", *error};
  return refusal(gpu, failed_call(step), "", *error);
}

// The first step of a GPU: without a context there is no launch.
GpuOutcome judge_sass(const Steps& steps, int gpu) {
  const auto key = fmt::format("gpu.{}.context.", gpu);
  const auto error = steps.report.number(key + "error");
  if (!error) return steps.no_answer(gpu);
  if (*error != 0)
    return refusal(gpu, fmt::format("no context: {} {}", *error, printable(steps.report.text(key + "error_name"), 80)), "", *error);
  return judge_image(steps, gpu, "sass");
}

std::string runtime_deeds(const StepRecords& step) {
  if (step.number("checked") == kernel_values)
    return fmt::format("allocated, copied, launched, {} values checked, freed", kernel_values);
  return "allocated, copied, compared, freed";
}

GpuOutcome judge_cudart(const Steps& steps, int gpu, const std::string& file) {
  const StepRecords step(steps.report, gpu, "cudart");
  const auto error = step.number("error");
  if (!error) return steps.no_answer(gpu);
  if (*error != 0)
    return refusal(gpu, fmt::format("{}: {} answers {} {}", file, step.text("call"), *error, step.text("error_name")), "", *error);
  if (step.text("copied") != "same") return refusal(gpu, file + ": copied bytes differ", "wrong-results");
  if (step.number("wrong").value_or(0) != 0)
    return refusal(gpu, fmt::format("{}: {} of {} values are wrong", file, step.text("wrong"), kernel_values), "wrong-results");
  return {gpu, StepStatus::pass,
          fmt::format("{} {}: {}", file, printable(steps.report.text("cudart.version"), 20), runtime_deeds(step))};
}

void judge_runtime(Steps& steps, const std::vector<int>& gpus) {
  const auto& report = steps.report;
  const auto file = printable(fs::base_name(report.text("cudart.path")));
  if (report.has("cudart.load_error")) {
    steps.refuse_finding("cudart", "cudart-damaged", printable(report.text("cudart.load_error"), 300));
    return;
  }
  std::vector<GpuOutcome> outcomes;
  for (const int gpu : gpus)
    if (!steps.refused(gpu) || StepRecords(report, gpu, "cudart").has("error")) outcomes.push_back(judge_cudart(steps, gpu, file));
  steps.add_over_gpus("cudart", std::move(outcomes));
  if (!steps.refused()) steps.explain("no-compiler", fmt::format("; its {} alone was proven", file));
}

}  // namespace

bool judge_launches(Steps& steps) {
  const auto& report = steps.report;
  std::vector<int> gpus;  // that the tables did not refuse
  for (const auto* gpu : steps.asked())
    if (!steps.refused(gpu->index)) gpus.push_back(gpu->index);
  std::vector<GpuOutcome> sass, ptx;
  for (const int gpu : gpus) sass.push_back(judge_sass(steps, gpu));
  steps.add_over_gpus("sass", std::move(sass));
  for (const int gpu : gpus)
    if (!steps.refused(gpu) || StepRecords(report, gpu, "ptx").has("way")) ptx.push_back(judge_image(steps, gpu, "ptx"));
  steps.add_over_gpus("ptx", std::move(ptx));
  if (report.has("cudart.path")) judge_runtime(steps, gpus);
  if (!report.done() && !steps.refused()) steps.refuse_without_answer("probe");
  bool launched = false;
  for (const int gpu : gpus)
    for (const auto* name : {"sass", "ptx"})
      launched = launched || (StepRecords(report, gpu, name).ran_right() && StepRecords(report, gpu, name).text("way") != "carried");
  return launched;
}

}  // namespace cudaenv::verify
