// `cudaenv init` and `completions`: text for shells to source.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/shell_files.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/shell_answer.hpp"

namespace cudaenv::cli {

namespace {

struct ShellOptions {
  std::string shell;
  bool path = false;
};

Runner add_shell_command(CLI::App& app, app::ShellFile which) {
  auto options = std::make_shared<ShellOptions>();
  app.add_option("SHELL", options->shell, "bash, zsh or fish")->required();
  app.add_flag("--path", options->path, "the file to source, which starts no process");
  return [options, which](World& world) -> Result<int> {
    const auto shell = TRY(parse_shell(options->shell));
    if (options->path) return print_line(app::shell_file(world, shell, which)), 0;
    return print(TRY(app::shell_text(world, shell, which))), 0;
  };
}

}  // namespace

Runner add_init(CLI::App& app) { return add_shell_command(app, app::ShellFile::hook); }
Runner add_completions(CLI::App& app) { return add_shell_command(app, app::ShellFile::completion); }

}  // namespace cudaenv::cli
