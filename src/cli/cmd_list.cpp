// `cudaenv list`: installed toolkits, or what the channels offer.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/inventory.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

namespace {

struct ListOptions {
  bool available = false;
  bool candidates = false;
};

bool is_active(const app::Inventory& inventory, const Receipt& receipt) {
  if (!inventory.active_id.empty()) return receipt.id == inventory.active_id;
  for (const auto& name : receipt.names)
    if (!inventory.active_name.empty() && name == inventory.active_name) return true;
  return false;
}

std::string summary_of(const Receipt& receipt) {
  std::vector<std::string> names;
  for (const auto& component : receipt.components) names.push_back(component.name);
  if (names.size() > 6) {
    const auto more = names.size() - 5;
    names.resize(5);
    return join(names, " ") + " and " + std::to_string(more) + " more";
  }
  return join(names, " ");
}

int print_installed(const World& world, const app::Inventory& inventory) {
  if (world.json) {
    auto toolkits = nlohmann::json::array();
    for (const auto& receipt : inventory.toolkits) toolkits.push_back(receipt_json(receipt, is_active(inventory, receipt)));
    auto damaged = nlohmann::json::array();
    for (const auto& one : inventory.damaged)
      damaged.push_back({{"name", one.name}, {"path", one.path}, {"reason", one.reason}});
    print_json({{"toolkits", toolkits}, {"damaged", damaged}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& receipt : inventory.toolkits) {
    std::string name(to_text(receipt.version).view());
    for (const auto& alias : receipt.names)
      if (alias != name) name += " (" + alias + ")";
    rows.push_back({is_active(inventory, receipt) ? "*" : " ", name, receipt.linked ? "linked" : receipt.channel,
                    receipt.linked ? receipt.path : human_bytes(receipt.bytes), summary_of(receipt)});
  }
  print(table(rows));
  for (const auto& one : inventory.damaged) warn(world, "`" + one.name + "` is damaged: " + one.reason + "; run `cudaenv install " + one.name + "`");
  if (inventory.toolkits.empty() && inventory.damaged.empty())
    note(world, "no toolkit is installed yet; see `cudaenv list --available`, then `cudaenv install 13.0`");
  return 0;
}

int print_offers(const World& world, const app::Offers& offers) {
  if (world.json) {
    auto releases = nlohmann::json::array();
    for (const auto& release : offers.releases) releases.push_back(release_json(release));
    auto unreachable = nlohmann::json::array();
    for (const auto& one : offers.unreachable) unreachable.push_back({{"channel", one.channel}, {"reason", one.reason}});
    print_json({{"releases", releases}, {"unreachable", unreachable}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"version", "channel", "nvcc", "components"}};
  for (const auto& release : offers.releases)
    rows.push_back({std::string(to_text(release.version).view()), release.channel, release.has_nvcc ? "yes" : "no",
                    std::to_string(release.components.size())});
  print(table(rows));
  for (const auto& one : offers.unreachable) warn(world, "channel `" + one.channel + "` cannot be reached: " + one.reason);
  return 0;
}

Result<int> run_list(World& world, const ListOptions& options) {
  if (options.available) return print_offers(world, TRY(app::offers(world, options.candidates)));
  return print_installed(world, TRY(app::inventory(world)));
}

}  // namespace

Runner add_list(CLI::App& app) {
  auto options = std::make_shared<ListOptions>();
  app.add_flag("--available", options->available, "what the channels offer, and which of it has nvcc");
  app.add_flag("--pre", options->candidates, "with --available: release candidates too");
  return [options](World& world) { return run_list(world, *options); };
}

}  // namespace cudaenv::cli
