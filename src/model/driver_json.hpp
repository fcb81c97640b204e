// DriverFacts as JSON: the form of `driver --json`, of the file that --facts reads, and of the facts cache.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/driver.hpp"

namespace cudaenv {

/// `driver --json` without "schema" and "toolkits".
[[nodiscard]] nlohmann::json driver_to_json(const DriverFacts& facts);

/// The same back. False where a member is missing, of another type or out of bounds: `wrong` names it ("gpus[1].uuid").
/// Every text is made safe to show; members that are not known are ignored.
[[nodiscard]] bool driver_from_json(const nlohmann::json& json, DriverFacts& out, std::string& wrong);

}  // namespace cudaenv
