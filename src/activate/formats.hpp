// EnvDiff as text for shells and tools. Every value is quoted by the rules of its reader.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/env_diff.hpp"

namespace cudaenv::activate {

/// One word that sh, dash, bash and zsh read back as exactly these bytes, sourced or evaluated.
[[nodiscard]] std::string quote_sh(std::string_view text);
/// The same for fish.
[[nodiscard]] std::string quote_fish(std::string_view text);

/// "sh", "fish", "json", "dotenv", "github", "cmake", "docker", "modulefile", "lmod".
[[nodiscard]] const std::vector<std::string_view>& format_names();

/// The text of `env --format NAME`, ending in a newline. Code::usage for an unknown name. `dotenv` and
/// `docker` cannot refer to the reader's own PATH in every reader, so they get it from `path_now`.
[[nodiscard]] Result<std::string> format_env(std::string_view name, const EnvDiff& diff);

}  // namespace cudaenv::activate
