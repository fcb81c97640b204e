#include "cli/command.hpp"

namespace cudaenv::cli {


const std::vector<Command>& commands() {
  static const std::vector<Command> table{
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
