// `cudaenv which` and `whence`: where a tool lies.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/tools.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

namespace {

Result<int> run_which(World& world, const std::string& tool) {
  const auto chosen = TRY(app::select(world));
  const auto place = TRY(app::tool_of(world, chosen, tool));
  if (!world.json) return print_line(place.path), 0;
  print_json({{"tool", tool},
              {"path", place.path},
              {"version", to_text(place.toolkit.version).view()},
              {"origin", origin_json(chosen.selection.origin)}});
  return 0;
}

Result<int> run_whence(World& world, const std::string& tool) {
  const auto places = TRY(app::toolkits_with(world, tool));
  if (world.json) {
    auto toolkits = nlohmann::json::array();
    for (const auto& place : places)
      toolkits.push_back({{"version", to_text(place.toolkit.version).view()}, {"name", app::name_of(place.toolkit)}, {"path", place.path}});
    print_json({{"tool", tool}, {"toolkits", toolkits}});
    return 0;
  }
  if (places.empty())
    return fail(Code::not_found, "no installed toolkit has `" + printable(tool) + "`", {}, "cudaenv install 13.0 --profile compile");
  std::vector<std::vector<std::string>> rows;
  for (const auto& place : places) rows.push_back({app::name_of(place.toolkit), place.path});
  return print(table(rows)), 0;
}

Runner add_tool_command(CLI::App& app, Result<int> (*run)(World&, const std::string&)) {
  auto tool = std::make_shared<std::string>();
  app.add_option("TOOL", *tool, "nvcc, ptxas, cuobjdump, ...")->required();
  return [tool, run](World& world) { return run(world, *tool); };
}

}  // namespace

Runner add_which(CLI::App& app) { return add_tool_command(app, run_which); }
Runner add_whence(CLI::App& app) { return add_tool_command(app, run_whence); }

}  // namespace cudaenv::cli
