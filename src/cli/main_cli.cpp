// From argv to an exit status: finds the command, lets CLI11 parse only that command's options, runs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

struct GlobalOptions {
  std::string color = "auto";
};

void add_global_options(CLI::App& app, World& world, GlobalOptions& options) {
  app.add_flag("--json", world.json, "one JSON object on standard output");
  app.add_flag("-q,--quiet", world.quiet, "only errors and what was asked for");
  app.add_flag("-v,--verbose", world.verbose, "say more about what is done");
  app.add_option("--color", options.color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}));
}

void decide_color(World& world, const std::string& choice) {
  if (choice == "always") world.color = true;
  else if (choice == "never" || world.env.get("NO_COLOR")) world.color = false;
  else world.color = world.env.flag("CLICOLOR_FORCE") || world.err_is_terminal;
}

int report(const World& world, const Error& error) {
  print_error(world, error);
  return static_cast<int>(error.code);
}

// How many of a command's words are cudaenv's. For `run` they end at the first one that is no option of ours: the
// rest is CMD's, also where it says --json.
std::size_t count_own_words(const Command& command, const std::vector<std::string>& words) {
  if (!command.passes_rest) return words.size();
  std::size_t own = 0;
  while (own < words.size() && words[own] != "--" && (words[own].starts_with("-") || words[own].starts_with("+")))
    own += words[own] == "--color" ? 2 : 1;
  return std::min(own, words.size());
}

// Asked before the options are parsed, so that a wrong option is answered in JSON too.
bool asks_for_json(const Command* command, const std::vector<std::string>& words) {
  const auto own = command == nullptr ? words.size() : count_own_words(*command, words);
  for (std::size_t i = 0; i < own && words[i] != "--"; ++i)
    if (words[i] == "--json") return true;
  return false;
}

std::vector<std::string> arguments_for(const Command& command, std::vector<std::string> words) {
  const auto own = count_own_words(command, words);
  if (command.passes_rest && own < words.size() && words[own] != "--")
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(own), "--");
  return words;
}

int run_command(World& world, const Command& command, const std::vector<std::string>& arguments) {
  CLI::App app(std::string(command.summary), "cudaenv " + std::string(command.name));
  GlobalOptions globals;
  add_global_options(app, world, globals);
  app.footer(examples_footer(command));
  const Runner runner = command.add(app);
  auto words = arguments_for(command, arguments);
  std::reverse(words.begin(), words.end());  // CLI11 takes them back to front
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    return report(world, make_error(Code::usage, "cannot understand `" + std::string(command.name) + "`", error.what(),
                                    "cudaenv " + std::string(command.name) + " --help"));
  }
  decide_color(world, globals.color);
  auto status = runner(world);
  return status ? *status : report(world, status.error());
}

}  // namespace

int main_cli(int argc, char** argv, char** environment) {
  const std::string_view word = argc > 1 ? argv[1] : "--help";
  const std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  const Command* command = find_command(word);
  const bool json = asks_for_json(command, words);
  auto world = make_world(environment);
  if (!world) {
    World none;
    none.json = json;
    return report(none, world.error());
  }
  world->json = json;
  decide_color(*world, "auto");
  if (word == "--help" || word == "-h" || word == "help") return print(overview(*world)), argc > 1 ? 0 : 2;
  if (word == "--version" || word == "-V") return print_line("cudaenv " CUDAENV_VERSION), 0;
  if (command == nullptr)
    return report(*world, make_error(Code::usage, "unknown command `" + printable(word) + "`", nearest_command(word),
                                     "cudaenv --help"));
  return run_command(*world, *command, words);
}

}  // namespace cudaenv::cli
