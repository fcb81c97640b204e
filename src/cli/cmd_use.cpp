// `cudaenv use`: the current shell, through the hook.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/driver.hpp"
#include "app/enter.hpp"
#include "app/pin.hpp"
#include "cli/command.hpp"
#include "cli/shell_answer.hpp"

namespace cudaenv::cli {

namespace {

struct UseOptions {
  std::string spec;
  std::string hook;  // set by the hook's own `cudaenv` function
  bool unset = false;
  std::string facts;
  bool verify = true;
};

Result<int> run_use(World& world, const UseOptions& options) {
  if (options.unset == !options.spec.empty())
    return fail(Code::usage, "cannot tell what to use", options.unset ? "both a version and --unset" : "no version was given",
                "cudaenv use 12.8");
  if (options.hook.empty()) {
    if (!options.unset) TRY(app::check_spec(options.spec));
    return fail(Code::usage, "cannot change this shell", "the cudaenv hook is not loaded in it", load_hint(world));
  }
  app::pretend_facts(world, options.facts);
  const auto shell = TRY(parse_shell(options.hook));
  return give_answer(world, options.unset ? app::unset_answer(world, shell)
                                          : app::use_answer(world, shell, options.spec, options.verify));
}

}  // namespace

Runner add_use(CLI::App& app) {
  auto options = std::make_shared<UseOptions>();
  app.add_option("SPEC", options->spec, "12.8, \">=12.4,<13\", latest, driver, torch, system or a link's name");
  app.add_flag("--unset", options->unset, "back to what the project or the default says");
  app.add_flag("!--no-verify", options->verify, "do not ask whether the driver runs it, nor what the project requires");
  app.add_option("--facts", options->facts, "judge for the machine that wrote this file by `cudaenv driver --json`");
  app.add_option("--hook", options->hook)->group("");
  return [options](World& world) { return run_use(world, *options); };
}

}  // namespace cudaenv::cli
