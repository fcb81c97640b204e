#include "cli/command.hpp"

namespace cudaenv::cli {

Runner add_cache(CLI::App& app);
Runner add_complete(CLI::App& app);
Runner add_completions(CLI::App& app);
Runner add_config(CLI::App& app);
Runner add_current(CLI::App& app);
Runner add_driver(CLI::App& app);
Runner add_env(CLI::App& app);
Runner add_global(CLI::App& app);
Runner add_health(CLI::App& app);
Runner add_init(CLI::App& app);
Runner add_inspect(CLI::App& app);
Runner add_install(CLI::App& app);
Runner add_ldd(CLI::App& app);
Runner add_licenses(CLI::App& app);
Runner add_link(CLI::App& app);
Runner add_list(CLI::App& app);
Runner add_local(CLI::App& app);
Runner add_prefix(CLI::App& app);
Runner add_prune(CLI::App& app);
Runner add_run(CLI::App& app);
Runner add_uninstall(CLI::App& app);
Runner add_unlink(CLI::App& app);
Runner add_use(CLI::App& app);
Runner add_verify(CLI::App& app);
Runner add_whence(CLI::App& app);
Runner add_which(CLI::App& app);

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
      {"use", {"shell"}, Group::choose, "choose a toolkit for this shell, verified",
       "cudaenv use 12.8\ncudaenv use --unset", add_use},
      {"local", {"pin"}, Group::choose, "choose a toolkit for this project: writes .cudaenv",
       "cudaenv local 12.8\ncudaenv local --with cudnn@9 --require \"driver=>=570.26\"", add_local},
      {"global", {"default"}, Group::choose, "choose the toolkit where nothing else does", "cudaenv global 13.0\ncudaenv global --unset",
       add_global},
      {"current", {"version"}, Group::choose, "what is selected here, and who set it", "cudaenv current\ncudaenv current --json",
       add_current},
      {"which", {}, Group::choose, "the real path that a tool name runs here", "cudaenv which nvcc", add_which},
      {"whence", {}, Group::choose, "every installed toolkit that has a tool", "cudaenv whence nvcc", add_whence},
      {"prefix", {}, Group::choose, "the toolkit's folder", "cmake -B build -D CUDAToolkit_ROOT=\"$(cudaenv prefix)\"\ncudaenv prefix 12.8",
       add_prefix},
      {"run", {"exec"}, Group::run, "run a command in a toolkit's environment",
       "cudaenv run nvcc --version\ncudaenv run +12.8 -- cmake -B build", add_run, true},
      {"env", {}, Group::run, "the environment of a toolkit, for other tools",
       "eval \"$(cudaenv env 12.8)\"\ncudaenv env --format json\ncudaenv env 13.0 --format github", add_env},
      {"verify", {}, Group::prove, "prove by a launch that a toolkit runs on this driver and GPU",
       "cudaenv verify\ncudaenv verify 12.8 --refresh\ncudaenv verify 12.8 --device 1\ncudaenv verify 13.0 --gemm\n"
       "cudaenv verify --all --json\n"
       "CUDAENV_DRIVER=12.4 CUDAENV_GPU=9.0 cudaenv verify 12.8", add_verify},
      {"driver", {}, Group::prove, "the driver, the GPUs, and what each toolkit may do here",
       "cudaenv driver\ncudaenv driver --json\nCUDAENV_DRIVER=12.4 cudaenv driver", add_driver},
      {"ldd", {}, Group::prove, "which file each needed library resolves to, by which rule; nothing is run",
       "cudaenv ldd build/app\ncudaenv ldd build/app --with 12.8 --json", add_ldd},
      {"inspect", {}, Group::prove, "which GPU code and which libraries are in a binary",
       "cudaenv inspect build/libkernels.so\ncudaenv inspect .venv --json", add_inspect},
      {"health", {}, Group::prove, "for scripts: exit 0 and `cuda`, or exit 8 and `cpu` with the reason",
       "cudaenv health && ./train --device cuda", add_health},
      {"init", {}, Group::shell, "the prompt hook's text",
       "source \"$(cudaenv init bash --path)\"\neval \"$(cudaenv init zsh)\"\ncudaenv init fish | source", add_init},
      {"completions", {}, Group::shell, "completion of commands, options and versions",
       "eval \"$(cudaenv completions bash)\"", add_completions},
      {"prune", {}, Group::keep, "remove what no toolkit refers to", "cudaenv prune --dry-run\ncudaenv prune", add_prune},
      {"cache", {}, Group::keep, "where downloads and index answers lie", "cudaenv cache dir\ncudaenv cache clean", add_cache},
      {"licenses", {}, Group::keep, "the NVIDIA licences of what is installed", "cudaenv licenses\ncudaenv licenses --json",
       add_licenses},
      {"config", {}, Group::keep, "configuration, and who set each value", "cudaenv config\ncudaenv config channel.nvidia.url", add_config},
      {"__complete", {}, Group::hidden, "candidates for the completion files", "cudaenv __complete 1 us", add_complete, true},
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
