#include "app/torch.hpp"

#include "app/select.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

Result<std::optional<project::TorchFound>> torch_here(const World& world) {
  std::vector<std::string> prefixes;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (auto value = world.env.get(name)) prefixes.push_back(std::move(*value));
  const auto pin = project_pin(world);
  prefixes.push_back(fs::join(pin && *pin ? fs::parent((*pin)->path) : world.cwd, ".venv"));
  return project::find_torch(prefixes);
}

}  // namespace cudaenv::app
