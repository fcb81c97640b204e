// `cudaenv link`, `cudaenv unlink`, `cudaenv licenses`.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/inventory.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

Runner add_link(CLI::App& app) {
  struct Options {
    std::string path, name;
  };
  auto options = std::make_shared<Options>();
  app.add_option("PATH", options->path, "a toolkit on this disk: /usr/local/cuda-12.4, a wheel tree, a conda prefix")->required();
  app.add_option("NAME", options->name, "what to call it; its version when left out");
  return [options](World& world) -> Result<int> {
    const auto receipt = TRY(app::link(world, options->path, options->name));
    if (world.json) return print_json({{"toolkit", receipt_json(receipt, false)}}), 0;
    note(world, "linked CUDA " + std::string(to_text(receipt.version).view()) + " as `" + join(receipt.names, "`, `") + "`: " + receipt.path);
    return 0;
  };
}

Runner add_unlink(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  app.add_option("NAME", *name, "a name given by `cudaenv link`")->required();
  return [name](World& world) -> Result<int> {
    TRY(app::unlink(world, *name));
    if (world.json) print_json({{"unlinked", *name}});
    else note(world, "unlinked `" + *name + "`; its files are untouched");
    return 0;
  };
}

Runner add_licenses(CLI::App& app) {
  (void)app;
  return [](World& world) -> Result<int> {
    const auto texts = TRY(app::licenses(world));
    auto list = nlohmann::json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& one : texts) {
      list.push_back({{"toolkit", one.toolkit}, {"component", one.component}, {"path", one.path}});
      rows.push_back({one.toolkit, one.component, one.path});
    }
    if (world.json) print_json({{"licenses", list}});
    else print(table(rows));
    return 0;
  };
}

}  // namespace cudaenv::cli
