// `cudaenv ldd`: which library really loads, by which rule, and what that shadows.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/ldd.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

nlohmann::json ldd_json(const app::LddReport& report) {
  auto libraries = nlohmann::json::array(), problems = nlohmann::json::array();
  for (const auto& one : report.libraries)
    libraries.push_back({{"soname", one.soname}, {"path", one.path}, {"needed_by", one.needed_by}, {"rule", one.rule},
                         {"rule_detail", one.rule_detail}, {"loaded", one.loaded}, {"shadows", one.shadows}});
  for (const auto& one : report.problems) problems.push_back({{"kind", one.kind}, {"detail", one.detail}});
  return {{"object", report.object}, {"libraries", std::move(libraries)}, {"problems", std::move(problems)}};
}

std::string ldd_text(const World& world, const app::LddReport& report) {
  std::string text;
  for (const auto& one : report.libraries) {
    text += printable(one.soname) + " => " + (one.path.empty() ? styled(world, Style::red, "not found") : printable(one.path, 4096)) + "\n";
    text += styled(world, Style::dim, "    by " + one.rule + (one.rule_detail.empty() ? "" : ": " + printable(one.rule_detail, 4096))) + "\n";
    for (const auto& other : one.shadows) text += "    " + styled(world, Style::yellow, "shadows") + " " + printable(other, 4096) + "\n";
  }
  for (const auto& one : report.problems) text += styled(world, Style::red, one.kind) + ": " + printable(one.detail, 4096) + "\n";
  return text;
}

Result<int> run_ldd(World& world, const app::LddRequest& request) {
  const auto report = TRY(app::ldd(world, request));
  if (world.json) print_json(ldd_json(report));
  else print(ldd_text(world, report));
  return 0;
}

}  // namespace

Runner add_ldd(CLI::App& app) {
  auto request = std::make_shared<app::LddRequest>();
  app.add_option("FILE", request->object, "a program or a shared library")->required();
  app.add_option("--with", request->with, "as if this toolkit's libraries were first in LD_LIBRARY_PATH");
  app.add_option("--library-path", request->library_path, "instead of LD_LIBRARY_PATH");
  app.add_option("--preload", request->preload, "instead of LD_PRELOAD");
  return [request](World& world) { return run_ldd(world, *request); };
}

}  // namespace cudaenv::cli
