#include "cli/command.hpp"

namespace cudaenv::cli {

Runner add_list(CLI::App& app);

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {"list", {"versions"}, Group::install, "installed toolkits, or what the channels offer",
       "cudaenv list\ncudaenv list --available --json", add_list},
  };
  return table;
}

const Command* find_command(std::string_view name) {
  for (const auto& command : commands()) {
    if (command.name == name) return &command;
    for (const auto alias : command.aliases)
      if (alias == name) return &command;
  }
  return nullptr;
}

}  // namespace cudaenv::cli
