#include "verify/judge_libraries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::verify {

namespace {

struct Kind {
  const char* step;
  const char* component;  // as `install --with` names it
};
constexpr Kind kinds[] = {{"gemm", "cublas"}, {"cufft", "cufft"}, {"cudnn", "cudnn"}, {"nccl", "nccl"}};

std::string dotted(long major, long minor, long patch) { return fmt::format("{}.{}.{}", major, minor, patch); }

// How each library packs its version into a number: cublas_api.h, cufft.h, cudnn_version.h, nccl.h.
std::string version_text(std::string_view step, long number) {
  if (step == "cufft" || (step == "cudnn" && number < 10'000)) return dotted(number / 1000, number / 100 % 10, number % 100);
  if (step == "nccl" && number < 10'000) return dotted(number / 1000, number / 100 % 10, number % 100);
  return dotted(number / 10'000, number / 100 % 100, number % 100);
}

// One step's records.
struct Seen {
  std::string step;
  const ProbeReport& report;

  [[nodiscard]] std::string key(std::string_view field) const { return step + "." + std::string(field); }
  [[nodiscard]] bool has(std::string_view field) const { return report.has(key(field)); }
  [[nodiscard]] std::string text(std::string_view field, std::size_t most = 200) const {
    return printable(report.text(key(field)), most);
  }
  [[nodiscard]] long number(std::string_view field) const { return report.number(key(field)).value_or(0); }
  [[nodiscard]] double real(std::string_view field) const { return std::strtod(report.text(key(field)).c_str(), nullptr); }
  [[nodiscard]] std::string file() const {
    const auto name = printable(fs::base_name(report.text(key("path"))));
    return has("version") ? fmt::format("{} ({})", name, version_text(step, number("version"))) : name;
  }
};

class Judge {
 public:
  explicit Judge(CauseFacts facts) : facts_(std::move(facts)) {}

  void judge(const Kind& kind, const ProbeReport& report) {
    const Seen seen{kind.step, report};
    const auto error = report.number(seen.key("error"));
    if (seen.has("absent")) skip(kind.step, std::string(kind.component) + " is not installed");
    else if (seen.has("skipped")) skip(kind.step, seen.text("skipped"));
    else if (seen.has("load_error")) fail(kind.step, "library-damaged", seen.text("load_error", 400));
    else if (seen.has("missing_symbol"))
      fail(kind.step, "library-damaged", seen.file() + " lacks the call " + seen.text("missing_symbol", 80));
    else if (!error) fail(kind.step, "library-failed", seen.file() + ": " + how_ended(report));
    else if (*error != 0) fail(kind.step, "library-failed", failed_call(seen, *error));
    else judge_values(seen);
  }

  void skip(const std::string& step, const std::string& reason) { out_.steps.push_back({step, StepStatus::skip, reason}); }

  [[nodiscard]] FurtherSteps result() && { return std::move(out_); }

 private:
  void fail(const std::string& step, std::string_view id, const std::string& text) {
    facts_.evidence = text;
    out_.steps.push_back({step, StepStatus::fail, text});
    if (!out_.cause) out_.cause = cause_of_finding(id, facts_);
  }

  static std::string failed_call(const Seen& seen, long error) {
    auto text = fmt::format("{}: {} answers {} {}", seen.file(), seen.text("call", 60), error, seen.text("error_name", 80));
    if (seen.has("detail")) text += ": " + seen.text("detail");
    return text;
  }

  static std::string passed(const Seen& seen) {
    if (seen.step == "gemm")
      return fmt::format("bf16 4096x4096x4096 in {:.3f} ms, {:.1f} TFLOP/s; {} entries against double precision, largest "
                         "error {:.2g} of their size",
                         seen.real("ms"), seen.real("tflops"), seen.number("checked"), seen.real("max_error"));
    if (seen.step == "cufft") return fmt::format("4096 points there and back, {} values checked", seen.number("checked"));
    if (seen.step == "cudnn") return fmt::format("{} sums checked", seen.number("checked"));
    const auto gpus = seen.number("gpus");
    return fmt::format("all-reduce over {} GPU{}, {} sums checked", gpus, gpus == 1 ? "" : "s", seen.number("checked"));
  }

  // NCCL has all GPUs, the others one of them.
  static std::string where(const Seen& seen) {
    if (seen.step == "nccl" || seen.report.number("device.count").value_or(1) < 2) return "";
    return fmt::format(", GPU {}", seen.report.number("libraries.device").value_or(0));
  }

  void judge_values(const Seen& seen) {
    if (seen.has("foreign")) {
      fail(seen.step, "library-shadowed", seen.text("foreign", 300) + " was loaded, not the toolkit's");
    } else if (seen.number("wrong") != 0 || seen.number("checked") <= 0) {
      fail(seen.step, "wrong-results",
           fmt::format("{}: {} of {} values are wrong", seen.file(), seen.number("wrong"), seen.number("checked")));
      out_.wrong_results = true;
    } else {
      const auto whence = seen.has("outside") ? "; " + seen.text("outside", 300) + " is not of the toolkit" : ", the toolkit's own";
      out_.steps.push_back({seen.step, StepStatus::pass, fmt::format("{}{}{}: {}", seen.file(), whence, where(seen), passed(seen))});
      if (seen.step == "gemm") out_.gemm = GemmFigures{seen.real("ms"), seen.real("tflops"), seen.real("max_error")};
    }
  }

  CauseFacts facts_;
  FurtherSteps out_;
};

// The run that reached a step: it left a record of it.
const ProbeReport* run_that_reached(std::span<const LibraryRun> runs, const std::string& step) {
  for (const auto& run : runs) {
    const auto found = run.report.records.lower_bound(step + ".");
    const bool spoke = found != run.report.records.end() && found->first.starts_with(step + ".");
    if (spoke || run.report.text("stage") == step) return &run.report;
  }
  return nullptr;
}

}  // namespace

FurtherSteps judge_libraries(std::span<const LibraryRun> runs, CauseFacts facts) {
  Judge judge(std::move(facts));
  for (const auto& kind : kinds) {
    if (const auto* report = run_that_reached(runs, kind.step)) judge.judge(kind, *report);
    else judge.skip(kind.step, runs.empty() ? "not reached" : "not reached: " + how_ended(runs.back().report));
  }
  return std::move(judge).result();
}

FurtherSteps skip_libraries(const std::string& reason) {
  Judge judge({});
  for (const auto& kind : kinds) judge.skip(kind.step, reason);
  return std::move(judge).result();
}

void add_further(Verdict& verdict, FurtherSteps further) {
  for (auto& step : further.steps) verdict.steps.push_back(std::move(step));
  if (further.gemm) verdict.gemm = further.gemm;
  if (!further.cause) return;
  if (verdict.kind == Verdict::Kind::proven || (further.wrong_results && verdict.kind == Verdict::Kind::degraded)) {
    verdict.kind = further.wrong_results ? Verdict::Kind::refused : Verdict::Kind::degraded;
    verdict.cause = std::move(further.cause);
  }
}

bool further_step_failed(const Verdict& verdict) {
  return std::any_of(verdict.steps.begin(), verdict.steps.end(), [](const Step& step) {
    const bool further = step.name == "nvcc" || std::any_of(std::begin(kinds), std::end(kinds), [&](const Kind& kind) { return step.name == kind.step; });
    return further && step.status == StepStatus::fail;
  });
}

}  // namespace cudaenv::verify
