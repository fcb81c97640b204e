// `cudaenv verify`: does a kernel of this toolkit run here?
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/driver.hpp"
#include "app/inventory.hpp"
#include "app/prove.hpp"
#include "app/prove_further.hpp"
#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_verdict.hpp"
#include "cli/slow_note.hpp"
#include "model/verdict_json.hpp"

namespace cudaenv::cli {

namespace {

struct VerifyOptions {
  std::vector<std::string> specs;
  bool all = false;
  std::optional<double> timeout_s;
  std::string facts;
  app::ProveOptions prove;
};

Result<std::vector<Receipt>> chosen_toolkits(const World& world, const VerifyOptions& options) {
  if (options.all) return TRY(app::inventory(world)).toolkits;
  std::vector<Receipt> toolkits;
  for (const auto& spec : options.specs) toolkits.push_back(TRY(app::select(world, spec)).toolkit);
  if (options.specs.empty()) {
    const auto selection = TRY(app::find_selection(world));
    if (selection.spec.empty())
      return fail(Code::usage, "cannot verify a toolkit", "none is selected here", "cudaenv verify --all");
    toolkits.push_back(TRY(app::find_toolkit(world, selection)));
  }
  return toolkits;
}

// One toolkit is one object; several, or --all, are a list, so that a script need not guess.
void print_verdicts(const World& world, const std::vector<Verdict>& verdicts, bool as_list) {
  if (!world.json) {
    for (const auto& verdict : verdicts) print(verdict_text(world, verdict));
    return;
  }
  if (!as_list) return print_json(verdict_to_json(verdicts.front()));
  auto list = nlohmann::json::array();
  for (const auto& verdict : verdicts) list.push_back(verdict_to_json(verdict));
  print_json({{"verdicts", std::move(list)}});
}

Result<Verdict> prove_one(const World& world, const Receipt& toolkit, const app::ProveOptions& options) {
  const auto where = options.device ? "GPU " + std::to_string(*options.device) : std::string("every visible GPU");
  const SlowNote note(world, "proving " + std::string(to_text(toolkit.version).view()) + " by a launch on " + where +
                                 (options.gemm ? ", then its libraries" : "") + " ...");
  return app::prove(world, toolkit, options);
}

Result<int> run_verify(World& world, VerifyOptions options) {
  if (options.all && !options.specs.empty())
    return fail(Code::usage, "cannot verify `" + options.specs.front() + "`", "--all is every toolkit already",
                "cudaenv verify --all");
  app::pretend_facts(world, options.facts);
  if (options.timeout_s)
    options.prove.timeout = options.prove.gemm_timeout = std::chrono::milliseconds(static_cast<long>(*options.timeout_s * 1000));
  const auto toolkits = TRY(chosen_toolkits(world, options));
  std::vector<Verdict> verdicts;
  int status = 0;
  for (const auto& toolkit : toolkits) {
    verdicts.push_back(TRY(prove_one(world, toolkit, options.prove)));
    const auto& verdict = verdicts.back();
    if (verdict.kind == Verdict::Kind::refused || app::further_step_failed(verdict)) status = static_cast<int>(Code::driver);
  }
  if (verdicts.empty()) note(world, "no toolkit is installed: there is nothing to verify");
  print_verdicts(world, verdicts, options.all || options.specs.size() > 1);
  return status;
}

}  // namespace

Runner add_verify(CLI::App& app) {
  auto options = std::make_shared<VerifyOptions>();
  app.add_option("SPEC", options->specs, "versions to prove; without one, what is selected here");
  app.add_flag("--all", options->all, "every installed toolkit");
  app.add_flag("--refresh", options->prove.refresh, "launch again, whatever was proven before");
  app.add_flag("--gemm", options->prove.gemm, "every step: also cuBLAS, cuFFT, cuDNN, NCCL and nvcc, where installed (seconds)");
  app.add_option("--device", options->prove.device, "only this GPU, by CUDA's index; else every visible one")->check(CLI::Range(0, 63));
  app.add_option("--timeout", options->timeout_s, "seconds a driver may take to answer (10; the libraries 60)")->check(CLI::Range(0.1, 600.0));
  app.add_option("--facts", options->facts, "judge for the machine that wrote this file by `cudaenv driver --json`");
  return [options](World& world) { return run_verify(world, *options); };
}

}  // namespace cudaenv::cli
