// `cudaenv uninstall` and `cudaenv prune`, `cudaenv cache`: giving disk space back.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/inventory.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "sys/signals.hpp"

namespace cudaenv::cli {

namespace {

int print_freed(const World& world, const std::vector<app::Freed>& freed, bool dry_run, std::string_view nothing) {
  std::uint64_t bytes = 0;
  for (const auto& one : freed) bytes += one.bytes;
  if (world.json) {
    auto list = nlohmann::json::array();
    for (const auto& one : freed) list.push_back({{"what", one.what}, {"path", one.path}, {"bytes", one.bytes}});
    print_json({{"dry_run", dry_run}, {"freed", list}, {"bytes", bytes}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : freed) rows.push_back({one.what, human_bytes(one.bytes)});
  print(table(rows));
  if (freed.empty()) note(world, nothing);
  else note(world, (dry_run ? "would free " : "freed ") + human_bytes(bytes));
  return 0;
}

}  // namespace

Runner add_uninstall(CLI::App& app) {
  struct Options {
    std::vector<std::string> specs;
    bool force = false;
  };
  auto options = std::make_shared<Options>();
  app.add_option("SPEC", options->specs, "versions to remove")->required();
  app.add_flag("--force", options->force, "even while a process uses its files");
  return [options](World& world) -> Result<int> {
    return print_freed(world, TRY(app::uninstall(world, options->specs, options->force)), false, "nothing was removed");
  };
}

Runner add_prune(CLI::App& app) {
  auto dry_run = std::make_shared<bool>(false);
  app.add_flag("--dry-run", *dry_run, "only say what would be removed");
  return [dry_run](World& world) -> Result<int> {
    return print_freed(world, TRY(app::prune(world, *dry_run)), *dry_run, "nothing to prune");
  };
}

Runner add_cache(CLI::App& app) {
  auto* clean = app.add_subcommand("clean", "removes downloads and index answers");
  app.add_subcommand("dir", "prints the folder");
  app.require_subcommand(0, 1);
  return [clean](World& world) -> Result<int> {
    if (clean->parsed()) return print_freed(world, TRY(app::clean_cache(world)), false, "the cache is empty");
    if (world.json) print_json({{"path", world.paths.cache}});
    else print_line(world.paths.cache);
    return 0;
  };
}

}  // namespace cudaenv::cli
