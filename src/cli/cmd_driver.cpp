// `cudaenv driver` and `cudaenv health`: the driver, the GPUs, and what may run here.
#include <CLI/CLI.hpp>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/channels.hpp"
#include "app/driver.hpp"
#include "app/inventory.hpp"
#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_verdict.hpp"
#include "model/driver_json.hpp"
#include "sys/fs.hpp"

namespace cudaenv::cli {

namespace {

// Only what the index cache holds: asking about the driver never waits for a network.
std::vector<Version> available_versions(const World& world) {
  if (!fs::exists(app::index_folder(world))) return {};  // and asking pip for its index would cost half a second
  World offline = world;
  offline.offline = true;
  std::vector<Version> versions;
  if (const auto offers = app::offers(offline, false))
    for (const auto& release : offers->releases) versions.push_back(release.version);
  return versions;
}

// {"12": "12.9.1", "13": "13.0.2"}
nlohmann::json newest_full(const std::vector<app::ToolkitMay>& toolkits) {
  auto newest = nlohmann::json::object();
  for (const auto& one : toolkits)
    if (one.newest_full) newest[std::to_string(one.version.major())] = to_text(one.version).view();
  return newest;
}

struct Releases {
  std::vector<Receipt> installed;
  std::vector<Version> available;
  app::OwnWords unknown;
};

Result<Releases> gather_releases(const World& world) {
  Releases releases;
  releases.installed = TRY(app::inventory(world)).toolkits;
  releases.available = available_versions(world);
  releases.unknown = TRY(app::ask_unknown_toolkits(world, releases.installed));
  return releases;
}

Result<int> run_driver(World& world, double timeout_s) {
  // While the driver starts, which takes longer than all of this.
  auto gathering = std::async(std::launch::async, [&world] { return gather_releases(world); });
  const auto facts = TRY(app::driver_facts(world, std::chrono::milliseconds(static_cast<long>(timeout_s * 1000))));
  const auto releases = TRY(gathering.get());
  const auto toolkits = TRY(app::judge_toolkits(world, facts, releases.installed, releases.available, releases.unknown));
  if (!world.json) return print(driver_text(world, facts, toolkits)), 0;
  auto json = driver_to_json(facts);
  json["toolkits"] = nlohmann::json::array();
  for (const auto& one : toolkits)
    json["toolkits"].push_back({{"version", to_text(one.version).view()},
                                {"installed", one.installed},
                                {"may", may_name(one.reach.may)},
                                {"why", one.reach.why}});
  json["newest_full"] = newest_full(toolkits);
  print_json(std::move(json));
  return 0;
}

Result<int> run_health(World& world) {
  const auto selection = TRY(app::find_selection(world));
  std::optional<Receipt> toolkit;
  if (!selection.spec.empty()) toolkit = TRY(app::find_toolkit(world, selection));
  const auto health = TRY(app::check_health(world, toolkit));
  const char* word = health.cuda ? "cuda" : "cpu";
  if (world.json)
    print_json({{"health", word}, {"reason", health.reason}, {"cached", health.cached}, {"pretended", health.pretended}});
  else if (health.cuda)
    print_line(health.pretended ? "cuda (pretended)" : "cuda");
  else
    print_line("cpu: " + health.reason);
  return health.cuda ? 0 : static_cast<int>(Code::driver);
}

}  // namespace

Runner add_driver(CLI::App& app) {
  auto timeout_s = std::make_shared<double>(10);
  auto facts = std::make_shared<std::string>();
  app.add_option("--timeout", *timeout_s, "seconds a driver may take to answer")->check(CLI::Range(0.1, 600.0));
  app.add_option("--facts", *facts, "judge for the machine that wrote this file by `cudaenv driver --json`");
  return [timeout_s, facts](World& world) {
    app::pretend_facts(world, *facts);
    return run_driver(world, *timeout_s);
  };
}

Runner add_health(CLI::App& app) {
  auto facts = std::make_shared<std::string>();
  app.add_option("--facts", *facts, "judge for the machine that wrote this file by `cudaenv driver --json`");
  return [facts](World& world) {
    app::pretend_facts(world, *facts);
    return run_health(world);
  };
}

}  // namespace cudaenv::cli
