// `cudaenv run`: becomes a command in a toolkit's environment.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/enter.hpp"
#include "app/requirements.hpp"
#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

Result<int> run_run(World& world, std::vector<std::string> words) {
  std::optional<std::string> spec;
  if (!words.empty() && words.front().starts_with('+')) {
    spec = words.front().substr(1);
    words.erase(words.begin());
  }
  if (words.empty()) return fail(Code::usage, "cannot run nothing", "no command was given", "cudaenv run nvcc --version");
  const auto chosen = TRY(app::select(world, spec));
  for (const auto& sentence : chosen.selection.ignored) warn(world, sentence);
  TRY(app::check_requirements(world, chosen.selection));
  return fail(app::run_command(world, chosen.toolkit, words));
}

}  // namespace

Runner add_run(CLI::App& app) {
  auto words = std::make_shared<std::vector<std::string>>();
  app.add_option("CMD", *words, "+SPEC, then the command and its arguments");
  return [words](World& world) { return run_run(world, *words); };
}

}  // namespace cudaenv::cli
