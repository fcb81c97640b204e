// `cudaenv install`: toolkits side by side, without root.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/driver.hpp"
#include "app/install.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/render_json.hpp"
#include "sys/signals.hpp"

namespace cudaenv::cli {

namespace {

std::string artifact_row(const Artifact& artifact) {
  return artifact.component + " " + artifact.version;
}

void print_plan(const World& world, const Plan& plan) {
  const std::string version(to_text(plan.resolution.version).view());
  print_line("CUDA " + version + " from channel `" + plan.resolution.channel + "`");
  std::vector<std::vector<std::string>> rows;
  for (const auto& artifact : plan.fetch)
    rows.push_back({"  fetch", artifact_row(artifact), artifact.size == 0 ? "unknown" : human_bytes(artifact.size), artifact.filename});
  for (const auto& artifact : plan.reuse) rows.push_back({"  have", artifact_row(artifact), "", artifact.filename});
  print(table(rows));
  print_line("to download: " + human_bytes(plan.download_bytes));
  if (plan.nothing_to_do) print_line("nothing to do: this very toolkit is installed");
  for (const auto& text : plan.resolution.notes) print_line("note: " + text);
  if (!plan.resolution.rejected.empty()) print_line("not taken:");
  rows.clear();
  const std::size_t shown = world.verbose ? plan.resolution.rejected.size() : std::min<std::size_t>(12, plan.resolution.rejected.size());
  for (std::size_t i = 0; i < shown; ++i)
    rows.push_back({"  " + plan.resolution.rejected[i].candidate, plan.resolution.rejected[i].reason});
  print(table(rows));
  if (shown < plan.resolution.rejected.size())
    print_line("  and " + std::to_string(plan.resolution.rejected.size() - shown) + " more (--verbose shows them)");
}

void print_report(const World& world, const app::InstallReport& report) {
  const std::string version(to_text(report.receipt.version).view());
  for (const auto& text : report.notes) note(world, "note: " + text);
  for (const auto& line : report.smoke) {
    const auto style = line.status == "pass" ? Style::green : line.status == "fail" ? Style::red : Style::yellow;
    note(world, "  " + styled(world, style, line.status) + "  " + line.name + (line.detail.empty() ? "" : ": " + line.detail));
  }
  if (report.already) note(world, "CUDA " + version + " is installed already: " + report.receipt.path);
  else note(world, "installed CUDA " + version + " (" + std::to_string(report.receipt.files) + " files, " +
                       human_bytes(report.receipt.bytes) + "): " + report.receipt.path);
}

Result<int> run_install(World& world, const app::InstallRequest& request) {
  catch_interrupts();
  ProgressPrinter progress(world);
  const auto reports = TRY(app::install(world, request, progress));
  if (world.json) {
    auto list = nlohmann::json::array();
    for (const auto& report : reports) list.push_back(report_json(report));
    print_json({{"dry_run", request.dry_run}, {"installed", list}});
    return 0;
  }
  for (const auto& report : reports) request.dry_run ? print_plan(world, report.plan) : print_report(world, report);
  return 0;
}

}  // namespace

Runner add_install(CLI::App& app) {
  auto request = std::make_shared<app::InstallRequest>();
  app.add_option("SPEC", request->specs, "12.8, 13.0.2, \">=12.4,<13\", latest; without it, what the project asks for");
  app.add_option("--profile", request->profile, "runtime, compile (the default), math or full")
      ->check(CLI::IsMember({"runtime", "compile", "math", "full"}));
  app.add_option("--with", request->with, "components added by name: cudnn@9,nccl")->delimiter(',');
  app.add_option("--only", request->only, "just these components and what they need")->delimiter(',');
  app.add_option("--channel", request->channel, "only this channel");
  app.add_flag("--dry-run", request->dry_run, "say what would be fetched, from where, and why nothing else");
  app.add_flag("--pre", request->candidates, "release candidates too");
  app.add_flag_callback("--no-verify", [request] { request->smoke = false; }, "leave out the smoke test that compiles and links");
  auto facts = std::make_shared<std::string>();
  app.add_option("--facts", *facts, "what `driver` means on the machine that wrote this file by `cudaenv driver --json`");
  return [request, facts](World& world) {
    app::pretend_facts(world, *facts);
    return run_install(world, *request);
  };
}

}  // namespace cudaenv::cli
