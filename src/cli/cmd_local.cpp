// `cudaenv local` and `global`: the project's toolkit and the user's default.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/pin.hpp"
#include "app/select.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

namespace {

// Choosing what is not there yet is fine, saying nothing about it is not.
void warn_if_missing(const World& world, const std::string& spec, const Origin& origin) {
  if (const auto toolkit = app::find_toolkit(world, {spec, origin, nullptr, {}}); !toolkit) {
    const auto& error = toolkit.error();
    warn(world, error.what + (error.hint.empty() ? "" : "; run `" + error.hint + "`"));
  }
}

Result<int> say(const World& world, const std::string& spec, const Origin& origin) {
  if (world.json) return print_json({{"spec", spec}, {"origin", origin_json(origin)}}), 0;
  return print_line(spec + " (set by " + describe(origin) + ")"), 0;
}

Result<int> run_local(World& world, const app::PinRequest& request) {
  if (request.spec.empty() && request.with.empty() && request.require.empty()) {
    const auto pin = TRY(app::project_pin(world));
    if (!pin || pin->pin.toolkit_line == 0)
      return fail(Code::usage, "no .cudaenv here names a toolkit", {}, "cudaenv local 13.0");
    return say(world, std::string(pin->pin.toolkit.text), {Origin::Kind::file, pin->path, pin->pin.toolkit_line});
  }
  const auto path = TRY(app::write_pin(world, request));
  if (world.json) print_json({{"path", path}});
  else note(world, "wrote " + printable(path, 4096));
  if (!request.spec.empty()) warn_if_missing(world, request.spec, {Origin::Kind::file, path, 0});
  return 0;
}

struct DefaultOptions {
  std::string spec;
  bool unset = false;
};

Result<int> run_global(World& world, const DefaultOptions& options) {
  const Origin origin{Origin::Kind::fallback, app::default_file(world), 0};
  if (options.unset) return TRY(app::write_default(world, {})), 0;
  if (options.spec.empty()) {
    const auto spec = TRY(app::read_default(world));
    if (!spec) return fail(Code::usage, "there is no default toolkit", {}, "cudaenv global 13.0");
    return say(world, *spec, origin);
  }
  TRY(app::check_spec(options.spec));
  TRY(app::write_default(world, options.spec));
  note(world, "the default is " + options.spec);
  warn_if_missing(world, options.spec, origin);
  return 0;
}

}  // namespace

Runner add_local(CLI::App& app) {
  auto request = std::make_shared<app::PinRequest>();
  app.add_option("SPEC", request->spec, "what `.cudaenv` shall ask for; without anything, says what it asks for");
  app.add_option("--with", request->with, "components that the project needs: cudnn@9,nccl")->delimiter(',');
  app.add_option("--require", request->require, "what must hold: driver=>=570.26, compute_capability=>=8.0, torch=cu128");
  return [request](World& world) { return run_local(world, *request); };
}

Runner add_global(CLI::App& app) {
  auto options = std::make_shared<DefaultOptions>();
  app.add_option("SPEC", options->spec, "the default where nothing else chooses; without it, says what it is");
  app.add_flag("--unset", options->unset, "no default any more");
  return [options](World& world) { return run_global(world, *options); };
}

}  // namespace cudaenv::cli
