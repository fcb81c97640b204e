// EnvDiff as text for shells and tools. Every value is quoted by the rules of its reader.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "activate/apply.hpp"
#include "base/result.hpp"
#include "model/env_diff.hpp"

namespace cudaenv::activate {

/// One word that sh, dash, bash and zsh read back as exactly these bytes, sourced or evaluated.
[[nodiscard]] std::string quote_sh(std::string_view text);
/// The same for fish.
[[nodiscard]] std::string quote_fish(std::string_view text);

/// "sh", "fish", "json", "dotenv", "github", "cmake", "docker", "modulefile", "lmod".
[[nodiscard]] const std::vector<std::string_view>& format_names();

/// The text of `env --format NAME`, ending in a newline. Code::usage for an unknown name. A dotenv file
/// cannot refer to its reader's PATH, so its lists are completed from `now`.
[[nodiscard]] Result<std::string> format_env(std::string_view name, const EnvDiff& diff, const Variables& now);

/// Shell code that turns environment `from` into `to`; empty where they are equal.
[[nodiscard]] std::string script_sh(const Variables& from, const Variables& to);
[[nodiscard]] std::string script_fish(const Variables& from, const Variables& to);

}  // namespace cudaenv::activate
