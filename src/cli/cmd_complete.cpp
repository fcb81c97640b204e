// `cudaenv __complete INDEX WORD…`: what may stand at INDEX of a command line (word 0 is `cudaenv`), one
// candidate a line, a tab and a description after it. Completion files call this, so that they never
// name a command or option that the table does not have.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "app/enter.hpp"
#include "app/tools.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

struct Candidate {
  std::string word, summary;
};
using Candidates = std::vector<Candidate>;

enum class Wants { nothing, installed, spec, tool, shell, command };

Wants wanted_by(std::string_view command) {
  constexpr std::array<std::pair<std::string_view, Wants>, 13> table{{{"install", Wants::spec},
                                                                      {"uninstall", Wants::installed},
                                                                      {"use", Wants::spec},
                                                                      {"local", Wants::spec},
                                                                      {"global", Wants::spec},
                                                                      {"prefix", Wants::spec},
                                                                      {"env", Wants::spec},
                                                                      {"verify", Wants::installed},
                                                                      {"which", Wants::tool},
                                                                      {"whence", Wants::tool},
                                                                      {"unlink", Wants::installed},
                                                                      {"init", Wants::shell},
                                                                      {"completions", Wants::shell}}};
  for (const auto& [name, wants] : table)
    if (name == command) return wants;
  return command == "run" ? Wants::command : Wants::nothing;
}

void add_commands(Candidates& out) {
  for (const auto& command : commands()) {
    if (command.group == Group::hidden) continue;
    out.push_back({std::string(command.name), std::string(command.summary)});
    for (const auto alias : command.aliases) out.push_back({std::string(alias), "the same as " + std::string(command.name)});
  }
}

void add_installed(const World& world, const char* before, Candidates& out) {
  const auto names = app::installed_names(world);
  if (!names) return;  // a completion has nowhere to say why
  for (const auto& name : *names) out.push_back({before + name, "installed"});
}

void add_values(const World& world, Wants wants, Candidates& out) {
  switch (wants) {
    case Wants::spec:
      add_installed(world, "", out);
      for (const char* word : {"latest", "driver", "torch", "system"}) out.push_back({word, "chosen by what is here"});
      break;
    case Wants::installed: add_installed(world, "", out); break;
    case Wants::command: add_installed(world, "+", out); break;
    case Wants::tool:
      for (const auto& name : app::tool_names(world)) out.push_back({name, "tool"});
      break;
    case Wants::shell:
      for (const char* word : {"bash", "zsh", "fish"}) out.push_back({word, "shell"});
      break;
    case Wants::nothing: break;
  }
}

void add_options(const Command& command, Candidates& out) {
  CLI::App app;
  for (const auto& [word, summary] : {std::pair{"--json", "one JSON object on standard output"}, {"--quiet", "only errors"},
                                      {"--verbose", "say more"}, {"--color", "auto, always or never"}})
    out.push_back({word, summary});
  (void)command.add(app);
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() || (option->get_group().empty() && option->get_lnames().front() != "help")) continue;
    for (const auto& name : option->get_lnames()) out.push_back({"--" + name, option->get_description()});
  }
}

bool add_option_values(std::string_view option, Candidates& out) {
  if (option == "--color")
    for (const char* word : {"auto", "always", "never"}) out.push_back({word, ""});
  else if (option == "--format")
    for (const auto word : app::environment_formats()) out.push_back({std::string(word), "format"});
  else if (option == "--profile")
    for (const char* word : {"runtime", "compile", "math", "full"}) out.push_back({word, "profile"});
  else return option == "--with" || option == "--only" || option == "--require" || option == "--channel";
  return true;
}

Candidates candidates_for(const World& world, std::size_t index, const std::vector<std::string>& words) {
  Candidates out;
  const std::string_view word = index < words.size() ? std::string_view(words[index]) : std::string_view();
  if (index == 1) {
    add_commands(out);
    for (const char* option : {"--help", "--version"}) out.push_back({option, ""});
    return out;
  }
  const Command* command = find_command(words.size() > 1 ? words[1] : "");
  if (command == nullptr || add_option_values(words[index - 1], out)) return out;
  if (word.starts_with('-')) add_options(*command, out);
  else add_values(world, wanted_by(command->name), out);
  return out;
}

Result<int> run_complete(World& world, const std::vector<std::string>& arguments) {
  const auto index = arguments.empty() ? std::nullopt : parse_u64(arguments.front());
  const std::vector<std::string> words(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (!index || *index == 0 || *index > words.size()) return 0;
  const std::string_view begun = *index < words.size() ? std::string_view(words[*index]) : std::string_view();
  std::string text;
  for (const auto& one : candidates_for(world, *index, words))
    if (one.word.starts_with(begun)) text += one.word + (one.summary.empty() ? "" : "\t" + one.summary) + "\n";
  print(text);
  return 0;
}

}  // namespace

Runner add_complete(CLI::App& app) {
  auto arguments = std::make_shared<std::vector<std::string>>();
  app.add_option("WORDS", *arguments);
  return [arguments](World& world) { return run_complete(world, *arguments); };
}

}  // namespace cudaenv::cli
