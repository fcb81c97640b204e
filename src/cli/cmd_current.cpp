// `cudaenv current`: what is selected here, which toolkit that is, who set it.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

namespace {

Result<int> nobody_chose(const World& world, const Selection& selection) {
  if (world.json)
    print_json({{"spec", nullptr}, {"version", nullptr}, {"path", nullptr}, {"origin", origin_json(selection.origin)}});
  else note(world, "no toolkit is selected here (no .cudaenv, no $CUDAENV_TOOLKIT, no default)");
  return 0;
}

Result<int> run_current(World& world) {
  const auto selection = TRY(app::find_selection(world));
  for (const auto& sentence : selection.ignored) warn(world, sentence);
  if (selection.spec.empty()) return nobody_chose(world, selection);
  const auto toolkit = TRY(app::find_toolkit(world, selection));
  const std::string version(to_text(toolkit.version).view());
  if (world.json) {
    print_json({{"spec", selection.spec}, {"version", version}, {"path", toolkit.path}, {"origin", origin_json(selection.origin)}});
    return 0;
  }
  print_line(version + " (set by " + describe(selection.origin) + ")");
  return 0;
}

}  // namespace

Runner add_current(CLI::App&) { return run_current; }

}  // namespace cudaenv::cli
