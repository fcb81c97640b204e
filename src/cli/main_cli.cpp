// From argv to an exit status: finds the command, lets CLI11 parse only that command's options, runs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
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

// `cudaenv --json list` is `cudaenv list --json`: options that every command has may stand in front.
struct CommandLine {
  std::string word;
  std::vector<std::string> words;
};
CommandLine split_command_line(std::vector<std::string> all) {
  std::vector<std::string> leading;
  constexpr std::array<std::string_view, 5> flags{"--json", "-q", "--quiet", "-v", "--verbose"};
  while (!all.empty()) {
    const bool takes_value = all.front() == "--color" && all.size() > 1;
    if (!takes_value && !all.front().starts_with("--color=") &&
        std::find(flags.begin(), flags.end(), all.front()) == flags.end())
      break;
    const auto count = static_cast<std::ptrdiff_t>(takes_value ? 2 : 1);
    leading.insert(leading.end(), all.begin(), all.begin() + count);
    all.erase(all.begin(), all.begin() + count);
  }
  if (all.empty()) return {"", std::move(leading)};
  auto word = std::move(all.front());
  all.erase(all.begin());
  all.insert(all.begin(), leading.begin(), leading.end());
  return {std::move(word), std::move(all)};
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

// `cudaenv help install` is `cudaenv install --help`.
int help_for(World& world, const std::vector<std::string>& words) {
  if (words.empty()) return print(overview(world)), 0;
  const Command* command = find_command(words.front());
  if (command != nullptr) return run_command(world, *command, {"--help"});
  return report(world, make_error(Code::usage, "unknown command `" + printable(words.front()) + "`",
                                  nearest_command(words.front()), "cudaenv --help"));
}

}  // namespace

int main_cli(int argc, char** argv, char** environment) {
  const auto [word, words] = split_command_line({argv + std::min(argc, 1), argv + argc});
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
  if (word.empty()) return print(overview(*world)), static_cast<int>(Code::usage);
  if (word == "--help" || word == "-h") return print(overview(*world)), 0;
  if (word == "help") return help_for(*world, words);
  if (word == "--version" || word == "-V") return print_line("cudaenv " CUDAENV_VERSION), 0;
  if (command == nullptr)
    return report(*world, make_error(Code::usage, "unknown command `" + printable(word) + "`", nearest_command(word),
                                     "cudaenv --help"));
  return run_command(*world, *command, words);
}

}  // namespace cudaenv::cli
