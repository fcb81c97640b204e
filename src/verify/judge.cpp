#include "verify/judge.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/causes.hpp"
#include "verify/driver_view.hpp"
#include "verify/reach.hpp"

namespace cudaenv::verify {

namespace {

constexpr int error_no_device = 100, error_invalid_device = 101, error_ptx_version = 222;
constexpr long kernel_values = 4096;

bool speaks_of_genuineness(long error) { return error == 34 || error == 803 || error == 804; }

/// Builds the steps one after the other; the first refusal ends what makes no sense any more.
class Judge {
 public:
  Judge(const Tables& tables, const Evidence& evidence)
      : tables_(tables), seen_(evidence), driver_(view_driver(evidence.machine, evidence.report)) {
    known_.toolkit = std::string(to_text(evidence.toolkit).view());
    known_.driver = driver_.libcuda.cuda > 0 ? cuda_text(driver_.libcuda.cuda) : "none";
    known_.module = driver_.kernel_module.empty() ? "none" : driver_.kernel_module;
    known_.libcuda = driver_.libcuda.path.empty() ? "libcuda.so.1" : driver_.libcuda.path;
    verdict_.toolkit = known_.toolkit;
  }

  Verdict run() && {
    if (facts() && genuine() && floor() && arch()) launches();
    for (const auto* name : {"facts", "genuine", "floor", "arch", "sass", "ptx"})
      if (!has_step(name)) step(name, StepStatus::skip, "not reached");
    conclude();
    return std::move(verdict_);
  }

 private:
  [[nodiscard]] const ProbeReport& report() const { return seen_.report; }

  [[nodiscard]] bool has_step(std::string_view name) const {
    for (const auto& one : verdict_.steps)
      if (one.name == name) return true;
    return false;
  }
  void step(std::string name, StepStatus status, std::string text) {
    verdict_.steps.push_back({std::move(name), status, std::move(text)});
  }
  bool refuse(const char* name, Cause cause, const std::string& text) {
    step(name, StepStatus::fail, text);
    if (!refusal_) refusal_ = std::move(cause);
    return false;
  }
  bool refuse_finding(const char* name, std::string_view id, const std::string& text) {
    known_.evidence = text;
    return refuse(name, cause_of_finding(id, known_), text);
  }
  bool refuse_error(const char* name, long error, const std::string& text) {
    known_.evidence = text;
    return refuse(name, cause_of_error(static_cast<int>(error), known_), text);
  }
  bool only_compile(std::string_view id, const std::string& text) {
    known_.evidence = text;
    step("facts", StepStatus::skip, text);
    compile_only_ = cause_of_finding(id, known_);
    return false;
  }

  // ---- facts: which driver, which GPU -------------------------------------------------------------------
  bool facts() {
    if (report().has("libcuda.error")) return libcuda_does_not_load();
    if (report().has("libcuda.missing_symbol"))
      return refuse_finding("facts", "libcuda-incomplete", report().text("libcuda.missing_symbol"));
    if (!report().has("cuda.init")) return no_answer("facts");
    const long error = *report().number("cuda.init");
    if (error == error_no_device) return no_device(init_text(error));
    if (error != 0 && !speaks_of_genuineness(error)) return refuse_error("facts", error, init_text(error));
    if (error == 0 && report().number("device.count").value_or(-1) == 0) return no_device("0 devices");
    if (error == 0 && !report().has("device.count")) return no_answer("facts");
    if (error == 0 && gpu() == nullptr)
      return refuse_error("facts", error_invalid_device,
                          fmt::format("device {} of {}", seen_.device, report().text("device.count")));
    step("facts", StepStatus::pass, facts_text());
    return true;
  }

  [[nodiscard]] const GpuFacts* gpu() const {
    for (const auto& one : driver_.gpus)
      if (one.index == seen_.device) return &one;
    return nullptr;
  }

  [[nodiscard]] std::string init_text(long error) const {
    return fmt::format("cuInit answers {} {}", error, report().text("cuda.init_name"));
  }

  [[nodiscard]] std::string facts_text() const {
    const auto& version = driver_.kernel_module.empty() ? driver_.libcuda.file_version : driver_.kernel_module;
    auto text = version.empty() ? "driver of CUDA " + known_.driver : fmt::format("driver {} (CUDA {})", version, known_.driver);
    if (const auto* one = gpu())
      text += fmt::format(", GPU {} {} sm_{}{}{}", one->index, one->name, one->cc_major, one->cc_minor,
                          one->mig ? ", MIG" : "");
    if (driver_.gpus.size() > 1) text += fmt::format(", {} GPUs in all", driver_.gpus.size());
    if (!seen_.machine.container.empty()) text += ", in " + seen_.machine.container;
    return text;
  }

  bool libcuda_does_not_load() {
    const auto text = printable(report().text("libcuda.error"), 400);
    if (text.find("wrong ELF class") != std::string::npos) return refuse_finding("facts", "libcuda-wrong-class", text);
    const auto wanted = report().has("libcuda.wanted") ? report().text("libcuda.wanted") : "libcuda.so.1";
    const bool missing = text.starts_with(printable(wanted, 300) + ":") && text.find("No such file") != std::string::npos;
    if (!missing) return refuse_finding("facts", "libcuda-damaged", text);
    if (report().has("libcuda.wanted") || seen_.machine.has_device_nodes())
      return refuse_finding("facts", "libcuda-missing", text);
    return only_compile("no-driver", seen_.machine.has_driver() ? "no libcuda.so.1 and no device node (started without --gpus?)"
                                                                : "no libcuda.so.1, no kernel module");
  }

  bool no_device(const std::string& text) {
    if (seen_.gpus_hidden) return only_compile("gpus-hidden", "CUDA_VISIBLE_DEVICES names no GPU");
    if (seen_.machine.gpus.empty() && !seen_.machine.has_device_nodes()) return only_compile("no-gpu", text);
    for (long i = 0; i < report().number("nvml.count").value_or(0); ++i)
      if (report().text(fmt::format("nvml.{}.mig", i)) == "1")
        return refuse_error("facts", error_no_device, text + fmt::format(", GPU {} is in MIG mode", i));
    return refuse_error("facts", error_no_device, text);
  }

  // The probe ended before it could say what it was started for.
  bool no_answer(const char* name) {
    const bool compiling = report().text("stage").starts_with("compile");
    std::string_view id = "driver-left";
    if (report().end == ChildResult::End::timed_out) id = "driver-hung";
    if (report().end == ChildResult::End::signalled) id = "driver-crashed";
    return refuse_finding(name, compiling ? "compile-failed" : id, how_ended(report()));
  }

  // ---- genuine: is this libcuda the running module's? ---------------------------------------------------
  bool genuine() {
    const long error = *report().number("cuda.init");
    const auto& libcuda = driver_.libcuda;
    const auto against = fmt::format("{}, kernel module {}", libcuda.path, known_.module);
    if (error != 0) return refuse_error("genuine", error, init_text(error) + ": " + against);
    switch (libcuda.kind) {
      case LibcudaFacts::Kind::stub: return refuse_error("genuine", 34, against);
      case LibcudaFacts::Kind::compat:
        step("genuine", StepStatus::pass, "forward compatibility: " + against);
        break;
      case LibcudaFacts::Kind::wsl: step("genuine", StepStatus::pass, "WSL: " + libcuda.path); break;
      default: step("genuine", StepStatus::pass, against);
    }
    return true;
  }

  // ---- floor and arch: the tables -----------------------------------------------------------------------
  bool floor() {
    const auto judged = judge_driver(tables_, seen_.toolkit, driver_.libcuda.cuda, driver_.libcuda.file_version);
    if (judged.reach == DriverReach::refused) return refuse_error("floor", 35, judged.evidence);
    step("floor", StepStatus::pass, judged.evidence);
    return true;
  }

  bool arch() {
    const auto judged = judge_arch(tables_, seen_.toolkit, gpu()->cc_major * 10 + gpu()->cc_minor);
    if (judged.reach == ArchReach::gpu_too_old) return refuse_finding("arch", "gpu-too-old", judged.evidence);
    const bool native = judged.reach == ArchReach::native;
    step("arch", native ? StepStatus::pass : StepStatus::fail, judged.evidence);
    if (!native) degrade_finding("gpu-newer-than-toolkit", judged.evidence);
    return true;
  }

  void degrade_finding(std::string_view id, const std::string& text) {
    known_.evidence = text;
    if (!degraded_) degraded_ = cause_of_finding(id, known_);
  }

  // ---- sass, ptx, cudart: what ran ----------------------------------------------------------------------
  void launches() {
    if (const long error = report().number("context.error").value_or(0); error != 0) {
      refuse_error("sass", error, fmt::format("no context: {} {}", error, report().text("context.error_name")));
      return;
    }
    sass();
    if (!refusal_ || report().has("ptx.way")) ptx();
    if (report().has("cudart.path")) cudart();
    if (!report().done() && !refusal_) no_answer("probe");
  }

  [[nodiscard]] std::string made_by(const std::string& name) const {
    auto text = fmt::format("{} by {}", report().text(name + ".target"), report().text(name + ".way"));
    if (report().text(name + ".way") == "text") text += " (PTX of ours at the toolkit's own ISA)";
    return text;
  }

  [[nodiscard]] std::string failed_call(const std::string& name) const {
    auto text = fmt::format("{}: {} answers {} {}", made_by(name), report().text(name + ".call"),
                            report().text(name + ".error"), report().text(name + ".error_name"));
    if (report().has(name + ".log")) text += ": " + printable(report().text(name + ".log"), 200);
    return text;
  }

  [[nodiscard]] bool ran_right(const std::string& name) const {
    return report().number(name + ".error") == 0 && report().number(name + ".checked") == kernel_values &&
           report().number(name + ".wrong") == 0;
  }

  void pass_launch(const std::string& name) {
    step(name, StepStatus::pass, fmt::format("{}, {} values checked", made_by(name), kernel_values));
  }

  bool wrong_values(const std::string& name) {
    return refuse_finding(name.c_str(), "wrong-results",
                          fmt::format("{}: {} of {} values are wrong", made_by(name), report().text(name + ".wrong"),
                                      kernel_values));
  }

  // Why there is no image of a kind. True where there is one.
  bool compiled(const std::string& name) {
    if (!report().has(name + ".compile_error")) return true;
    const auto text = printable(report().text(name + ".compile_error"), 400);
    if (text.starts_with("no-compiler: ")) {
      step(name, StepStatus::skip, text.substr(13));
      degrade_finding("no-compiler", text.substr(13));
    } else if (text.starts_with("no-target: ")) {
      step(name, StepStatus::fail, text.substr(11));
      degrade_finding("gpu-newer-than-toolkit", text.substr(11));
    } else {
      refuse_finding(name.c_str(), "compile-failed", text);
    }
    return false;
  }

  void sass() {
    if (!compiled("sass")) return;
    if (!report().has("sass.error")) return void(no_answer("sass"));
    if (const long error = *report().number("sass.error"); error != 0)
      return void(refuse_error("sass", error, failed_call("sass")));
    if (!ran_right("sass")) return void(wrong_values("sass"));
    pass_launch("sass");
  }

  void ptx() {
    if (!compiled("ptx")) return;
    if (!report().has("ptx.error")) return void(no_answer("ptx"));
    const long error = *report().number("ptx.error");
    if (error == 0 && ran_right("ptx")) return pass_launch("ptx");
    if (error == 0) return void(wrong_values("ptx"));
    known_.evidence = failed_call("ptx");
    const auto cause = cause_of_error(static_cast<int>(error), known_);
    const bool sass_runs = report().has("sass.error") && ran_right("sass");
    // Only the driver's compiler has failed: machine code runs.
    if (sass_runs && (error == error_ptx_version || error == 218 || error == 221 || error == 300)) {
      step("ptx", StepStatus::fail, known_.evidence);
      degraded_ = cause;
    } else {
      refuse("ptx", cause, known_.evidence);
    }
  }

  void cudart() {
    const auto file = fs::base_name(report().text("cudart.path"));
    if (report().has("cudart.load_error"))
      return void(refuse_finding("cudart", "cudart-damaged", printable(report().text("cudart.load_error"), 300)));
    if (!report().has("cudart.error")) return void(no_answer("cudart"));
    const long error = *report().number("cudart.error");
    if (error != 0)
      return void(refuse_error("cudart", error, fmt::format("{}: {} answers {} {}", file, report().text("cudart.call"),
                                                            error, report().text("cudart.error_name"))));
    if (report().text("cudart.copied") != "same")
      return void(refuse_finding("cudart", "wrong-results", file + ": copied bytes differ"));
    step("cudart", StepStatus::pass, fmt::format("{} {}: allocated, copied, compared, freed", file,
                                                 report().text("cudart.version")));
  }

  // ---- verdict ------------------------------------------------------------------------------------------
  void conclude() {
    const bool launched = ran_right("sass") || ran_right("ptx");
    verdict_.elapsed_ms = report().elapsed_ms;
    if (compile_only_) {
      verdict_.kind = Verdict::Kind::compile_only;
      verdict_.cause = compile_only_;
    } else if (refusal_ || (!launched && !degraded_)) {
      verdict_.kind = Verdict::Kind::refused;
      verdict_.cause = refusal_;
    } else if (degraded_) {
      // Without a single launch, nothing but the missing compiler may pass as a lesser success.
      const bool excused = launched || degraded_->id == "no-compiler";
      verdict_.kind = excused ? Verdict::Kind::degraded : Verdict::Kind::refused;
      verdict_.cause = degraded_;
    } else {
      verdict_.kind = Verdict::Kind::proven;
    }
  }

  const Tables& tables_;
  const Evidence& seen_;
  DriverFacts driver_;
  CauseFacts known_;
  Verdict verdict_;
  std::optional<Cause> refusal_, degraded_, compile_only_;
};

}  // namespace

Verdict judge(const Tables& tables, const Evidence& evidence) { return Judge(tables, evidence).run(); }

}  // namespace cudaenv::verify
