// `cudaenv prefix`: the toolkit's folder.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

Runner add_prefix(CLI::App& app) {
  auto spec = std::make_shared<std::string>();
  app.add_option("SPEC", *spec, "which toolkit; without it, the one selected here");
  return [spec](World& world) -> Result<int> {
    const auto chosen = TRY(app::select(world, spec->empty() ? std::nullopt : std::optional(*spec)));
    if (!world.json) return print_line(chosen.toolkit.path), 0;
    print_json({{"path", chosen.toolkit.path},
                {"version", to_text(chosen.toolkit.version).view()},
                {"origin", origin_json(chosen.selection.origin)}});
    return 0;
  };
}

}  // namespace cudaenv::cli
