#include "app/shell_files.hpp"

#include "activate/formats.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

namespace {
constexpr std::uint64_t max_bytes = 1 << 20;

const char* name_of(Shell shell) { return shell == Shell::bash ? "bash" : shell == Shell::zsh ? "zsh" : "fish"; }
}  // namespace

std::string shell_file(const World& world, Shell shell, ShellFile which) {
  return world.paths.share + (which == ShellFile::hook ? "/shell/hook." : "/shell/complete.") + name_of(shell);
}

Result<std::string> shell_text(const World& world, Shell shell, ShellFile which) {
  const auto text = TRY(fs::read_file(shell_file(world, shell, which), max_bytes));
  // A file that is sourced knows the program by its own place; text that is evaluated has none.
  const auto& program = world.paths.program;
  if (shell == Shell::fish) return "set -g __cudaenv_program " + activate::quote_fish(program) + "\n" + text;
  return "__cudaenv_program=" + activate::quote_sh(program) + "\n" + text;
}

}  // namespace cudaenv::app
