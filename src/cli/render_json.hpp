// Model values as the JSON that others build on (README, "JSON"). Fields are only ever added.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "app/install.hpp"
#include "base/sourced.hpp"
#include "model/catalog.hpp"
#include "model/install.hpp"

namespace cudaenv::cli {

/// {"kind", "path", "line"}.
[[nodiscard]] nlohmann::json origin_json(const Origin& origin);
[[nodiscard]] nlohmann::json receipt_json(const Receipt& receipt, bool active);
[[nodiscard]] nlohmann::json release_json(const Release& release);
[[nodiscard]] nlohmann::json artifact_json(const Artifact& artifact);
[[nodiscard]] nlohmann::json plan_json(const Plan& plan);
[[nodiscard]] nlohmann::json report_json(const app::InstallReport& report);

}  // namespace cudaenv::cli
