// What commands that change a shell share.
#pragma once

#include <string>
#include <string_view>

#include "app/enter.hpp"
#include "base/result.hpp"
#include "sys/world.hpp"

namespace cudaenv::cli {

/// bash, zsh or fish; anything else is Code::usage.
[[nodiscard]] Result<app::Shell> parse_shell(std::string_view name);

/// Prints the script on standard output and the rest on standard error; the exit status, or the problem.
[[nodiscard]] Result<int> give_answer(const World& world, const app::ShellAnswer& answer);

/// The line that loads the hook into the person's shell ($SHELL, else bash).
[[nodiscard]] std::string load_hint(const World& world);

}  // namespace cudaenv::cli
