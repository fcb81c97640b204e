#include "app/install.hpp"

#include "app/channels.hpp"
#include "app/materialize.hpp"
#include "app/resolving.hpp"
#include "base/text.hpp"
#include "store/installed.hpp"
#include "store/receipt.hpp"
#include "sys/fs.hpp"
#include "sys/lock.hpp"
#include "sys/signals.hpp"
#include "verify/smoke.hpp"

namespace cudaenv::app {

namespace {

// Planned as "nothing to do": true only where the tree still is what its receipt says.
Result<std::optional<Receipt>> intact_toolkit(const World& world, const Plan& plan, InstallObserver& observer) {
  if (!plan.nothing_to_do) return std::optional<Receipt>{};
  const auto installed = TRY(store::read_installed(store::Layout{world.paths.root}));
  for (const auto& receipt : installed.toolkits) {
    if (receipt.linked || receipt.version != plan.resolution.version) continue;
    const auto damage = TRY(store::check_tree(receipt, 1));
    if (damage.empty()) return std::optional(receipt);
    observer.note("repairing CUDA " + std::string(to_text(receipt.version).view()) + ": " + damage.front());
  }
  return std::optional<Receipt>{};
}

Result<std::vector<SmokeLine>> run_smoke(const World& world, const Receipt& receipt, InstallObserver& observer) {
  observer.note("checking that what was installed compiles and links");
  const store::Layout layout{world.paths.root};
  // Held while scratch files lie in tmp/, which prune and the next install sweep.
  const auto lock = TRY(FileLock::take(layout.store_lock(), FileLock::Mode::shared));
  verify::SmokeOptions options;
  options.environment = world.env.all();
  options.tmp = layout.tmp();
  options.cores = world.cores;
  std::vector<SmokeLine> lines;
  for (const auto& step : TRY(verify::smoke_test(receipt, options)))
    lines.push_back({step.name, step_status_name(step.status), step.evidence});
  return lines;
}

Result<InstallReport> install_one(World& world, Channels& channels, Goal goal, const InstallRequest& request,
                                  InstallObserver& observer) {
  InstallReport report;
  report.plan = TRY(make_install_plan(world, channels, std::move(goal), request));
  report.notes = report.plan.resolution.notes;
  if (request.dry_run) return report;
  if (interrupted()) return fail(Code::interrupted, "interrupted", "", "run the same command again: it goes on from here");
  const auto intact = TRY(intact_toolkit(world, report.plan, observer));
  if (intact) {
    report.receipt = *intact;
    report.already = true;
    return report;
  }
  auto done = TRY(materialize(world, channels, report.plan, observer));
  report.receipt = std::move(done.receipt);
  report.already = done.already;
  report.notes.insert(report.notes.end(), done.notes.begin(), done.notes.end());
  if (request.smoke && !report.already) report.smoke = TRY(run_smoke(world, report.receipt, observer));
  return report;
}

}  // namespace

Result<std::vector<InstallReport>> install(World& world, const InstallRequest& request, InstallObserver& observer) {
  auto channels = TRY(Channels::open(world, request.channel));
  std::vector<InstallReport> reports;
  for (auto& goal : TRY(read_goals(world, request, channels->data())))
    reports.push_back(TRY(install_one(world, *channels, std::move(goal), request, observer)));
  return reports;
}

}  // namespace cudaenv::app
