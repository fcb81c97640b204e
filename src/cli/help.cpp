#include "cli/help.hpp"

#include <algorithm>
#include <array>

#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

constexpr std::array<std::pair<Group, std::string_view>, 6> groups{{{Group::install, "Install"},
                                                                    {Group::choose, "Choose"},
                                                                    {Group::run, "Run"},
                                                                    {Group::prove, "Prove"},
                                                                    {Group::shell, "Shell"},
                                                                    {Group::keep, "Keep"}}};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string overview(const World& world) {
  std::string text =
      "cudaenv: the right CUDA toolkit, per project, proven to run on this machine\n\n"
      "Usage: cudaenv COMMAND [OPTIONS]\n";
  for (const auto& [group, title] : groups) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& command : commands()) {
      if (command.group != group) continue;
      std::string name(command.name);
      for (const auto alias : command.aliases) name += ", " + std::string(alias);
      rows.push_back({"  " + name, std::string(command.summary)});
    }
    if (!rows.empty()) text += "\n" + styled(world, Style::bold, title) + ":\n" + table(rows);
  }
  return text + "\nEvery command has --help with examples, --json, --quiet, --verbose and --color.\n";
}

std::string examples_footer(const Command& command) {
  std::string text = "Examples:\n";
  for (std::size_t start = 0; start < command.examples.size();) {
    const auto end = std::min(command.examples.find('\n', start), command.examples.size());
    text += "  " + std::string(command.examples.substr(start, end - start)) + "\n";
    start = end + 1;
  }
  return text;
}

std::string nearest_command(std::string_view word) {
  std::string_view best;
  std::size_t best_distance = 3;
  for (const auto& command : commands()) {
    if (command.group == Group::hidden) continue;
    std::vector<std::string_view> names{command.name};
    names.insert(names.end(), command.aliases.begin(), command.aliases.end());
    for (const auto name : names)
      if (const auto d = distance(word.substr(0, 40), name); d < best_distance) best = name, best_distance = d;
  }
  return best.empty() ? std::string() : "did you mean `" + std::string(best) + "`?";
}

}  // namespace cudaenv::cli
