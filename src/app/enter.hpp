// Activation: what `env`, `run`, `use` and the prompt hook do with a selected toolkit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/driver.hpp"
#include "model/env_diff.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// What activating `toolkit` changes, under the user's library-path policy.
[[nodiscard]] Result<EnvDiff> environment_of(const World& world, const Receipt& toolkit);

/// The names that environment_text knows.
[[nodiscard]] const std::vector<std::string_view>& environment_formats();
/// `env --format NAME`.
[[nodiscard]] Result<std::string> environment_text(const World& world, const Receipt& toolkit, std::string_view format);

/// Becomes `command` in the environment of `toolkit`; only returns on failure.
[[nodiscard]] Error run_command(const World& world, const Receipt& toolkit, const std::vector<std::string>& command);

enum class Shell { bash, zsh, fish };

/// What the prompt hook or `use` evaluates. `script` is valid even when there is a problem: it takes
/// the old toolkit away (hook) or changes nothing (use).
struct ShellAnswer {
  std::string script;
  std::vector<std::string> messages;  // for standard error, once
  std::optional<Error> problem;
};
/// The nearest file, the variable or the default changed: leave the old toolkit, enter the new one.
[[nodiscard]] ShellAnswer hook_answer(const World& world, Shell shell);
/// `use SPEC`: also sets $CUDAENV_TOOLKIT. A verdict `refused` is Code::driver unless `verify` is false.
[[nodiscard]] ShellAnswer use_answer(const World& world, Shell shell, const std::string& spec, bool verify);
/// `use --unset`: back to what files and default say.
[[nodiscard]] ShellAnswer unset_answer(const World& world, Shell shell);

}  // namespace cudaenv::app
