#include "cli/shell_answer.hpp"

#include "base/text.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

Result<app::Shell> parse_shell(std::string_view name) {
  if (name == "bash") return app::Shell::bash;
  if (name == "zsh") return app::Shell::zsh;
  if (name == "fish") return app::Shell::fish;
  return fail(Code::usage, "unknown shell `" + printable(name) + "`", "bash, zsh and fish have a hook", "cudaenv init bash");
}

Result<int> give_answer(const World& world, const app::ShellAnswer& answer) {
  for (const auto& message : answer.messages) note(world, "cudaenv: " + message);
  if (!answer.problem) return print(answer.script), 0;
  // A shell evaluates standard output, so not even --json puts the error there.
  World plain = world;
  plain.json = false;
  print_error(plain, *answer.problem);
  print(answer.script);
  return static_cast<int>(answer.problem->code);
}

std::string load_hint(const World& world) {
  const auto shell = world.env.get("SHELL").value_or("");
  if (shell.ends_with("/fish")) return "cudaenv init fish | source";
  return shell.ends_with("/zsh") ? "eval \"$(cudaenv init zsh)\"" : "eval \"$(cudaenv init bash)\"";
}

}  // namespace cudaenv::cli
