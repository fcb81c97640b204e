// The static files of shell/: hooks and completions.
#pragma once

#include <string>

#include "app/enter.hpp"
#include "base/result.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

enum class ShellFile { hook, completion };

/// Where the file lies: <share>/shell/hook.bash, complete.zsh, ...
[[nodiscard]] std::string shell_file(const World& world, Shell shell, ShellFile which);
/// Its text, with the line in front that tells it which program to call.
[[nodiscard]] Result<std::string> shell_text(const World& world, Shell shell, ShellFile which);

}  // namespace cudaenv::app
