// One command = one file = one entry of the table in commands.cpp.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/world.hpp"

namespace CLI {
class App;
}

namespace cudaenv::cli {

/// What a command does once its options are parsed. The int is the exit status of a run that
/// reported what it should (`verify` that refuses answers 8); an Error is printed by main.
using Runner = std::function<Result<int>(World&)>;

enum class Group { install, choose, run, prove, shell, keep, hidden };

struct Command {
  std::string_view name;
  std::vector<std::string_view> aliases;
  Group group;
  std::string_view summary;   // one line of `cudaenv --help`
  std::string_view examples;  // shown under --help, one command a line
  Runner (*add)(CLI::App&);   // declares the options, returns what runs
  bool passes_rest = false;   // `run`: everything after the first word that is no option is CMD's
};

/// Every command, in the order of `cudaenv --help`.
[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const Command* find_command(std::string_view name);

/// Parses the command line, runs, prints; returns the exit status.
[[nodiscard]] int main_cli(int argc, char** argv, char** environment);

}  // namespace cudaenv::cli
