// Verdicts and drivers for people.
#pragma once

#include <string>
#include <vector>

#include "app/driver.hpp"
#include "sys/world.hpp"

namespace cudaenv::cli {

/// The verdict's line, one line a step, and what to do where it is less than proven.
[[nodiscard]] std::string verdict_text(const World& world, const Verdict& verdict);

/// Driver, GPUs, and one line a toolkit.
[[nodiscard]] std::string driver_text(const World& world, const DriverFacts& facts,
                                      const std::vector<app::ToolkitMay>& toolkits);

}  // namespace cudaenv::cli
