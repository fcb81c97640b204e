// The project's torch: of the active virtual or conda environment, else of .venv beside the project's file.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "project/torch_version.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

[[nodiscard]] Result<std::optional<project::TorchFound>> torch_here(const World& world);

}  // namespace cudaenv::app
