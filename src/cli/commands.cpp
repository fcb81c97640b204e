#include "cli/command.hpp"

namespace cudaenv::cli {

Runner add_cache(CLI::App& app);
Runner add_install(CLI::App& app);
Runner add_licenses(CLI::App& app);
Runner add_link(CLI::App& app);
Runner add_list(CLI::App& app);
Runner add_prune(CLI::App& app);
Runner add_uninstall(CLI::App& app);
Runner add_unlink(CLI::App& app);

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {"install", {}, Group::install, "install toolkits, or what the project asks for",
       "cudaenv install 13.0\ncudaenv install 12.8.1 --profile runtime --with cudnn@9,nccl\n"
       "cudaenv install --dry-run \">=12.4,<13\"", add_install},
      {"uninstall", {}, Group::install, "remove toolkits", "cudaenv uninstall 12.8.1\ncudaenv uninstall 12.8 --force",
       add_uninstall},
      {"list", {"versions"}, Group::install, "installed toolkits, or what the channels offer",
       "cudaenv list\ncudaenv list --available --json", add_list},
      {"link", {}, Group::install, "adopt a toolkit that is already on this disk",
       "cudaenv link /usr/local/cuda-12.4\ncudaenv link /opt/nvidia/cuda site-cuda", add_link},
      {"unlink", {}, Group::install, "forget an adopted toolkit", "cudaenv unlink site-cuda", add_unlink},
      {"prune", {}, Group::keep, "remove what no toolkit refers to", "cudaenv prune --dry-run\ncudaenv prune", add_prune},
      {"cache", {}, Group::keep, "where downloads and index answers lie", "cudaenv cache dir\ncudaenv cache clean", add_cache},
      {"licenses", {}, Group::keep, "the NVIDIA licences of what is installed", "cudaenv licenses\ncudaenv licenses --json",
       add_licenses},
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
