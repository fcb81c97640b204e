// A verdict as JSON: the form of `verify --json` (CLI.md) and of the verdict cache.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "model/driver.hpp"

namespace cudaenv {

/// Without "schema": whoever prints adds it.
[[nodiscard]] nlohmann::json verdict_to_json(const Verdict& verdict);
/// The same back; absent where anything is missing or of another kind. `cached` and `elapsed_ms` are read too.
[[nodiscard]] std::optional<Verdict> verdict_from_json(const nlohmann::json& json);

}  // namespace cudaenv
