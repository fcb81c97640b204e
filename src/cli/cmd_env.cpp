// `cudaenv env`: the environment of a toolkit, for shells, files and the prompt hook.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "app/enter.hpp"
#include "app/requirements.hpp"
#include "app/select.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/shell_answer.hpp"

namespace cudaenv::cli {

namespace {

struct EnvOptions {
  std::string spec;
  std::string format = "sh";
  std::string hook;  // the shell whose prompt asks
};

Result<int> run_env(World& world, const EnvOptions& options) {
  if (!options.hook.empty()) return give_answer(world, app::hook_answer(world, TRY(parse_shell(options.hook))));
  const auto flag = options.spec.empty() ? std::nullopt : std::optional(options.spec);
  const auto chosen = TRY(app::select(world, flag));
  for (const auto& sentence : chosen.selection.ignored) warn(world, sentence);
  TRY(app::check_requirements(world, chosen.selection));
  print(TRY(app::environment_text(world, chosen.toolkit, world.json ? "json" : options.format)));
  return 0;
}

}  // namespace

Runner add_env(CLI::App& app) {
  auto options = std::make_shared<EnvOptions>();
  app.add_option("SPEC", options->spec, "which toolkit; without it, the one selected here");
  std::string names;
  for (const auto name : app::environment_formats()) names += (names.empty() ? "" : ", ") + std::string(name);
  app.add_option("--format", options->format, names);
  app.add_option("--hook", options->hook)->group("");
  return [options](World& world) { return run_env(world, *options); };
}

}  // namespace cudaenv::cli
