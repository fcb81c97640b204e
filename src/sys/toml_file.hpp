// TOML of trusted files only (manifests and the user's own configuration), over toml++. A project's
// `.cudaenv` never comes here: model/pinfile reads it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cudaenv {

/// Parses TOML into a JSON value (tables to objects, dates to text). Errors are Code::config with
/// `name:line:column`.
[[nodiscard]] Result<nlohmann::json> parse_toml(std::string_view text, const std::string& name);
[[nodiscard]] Result<nlohmann::json> read_toml_file(const std::string& path);

}  // namespace cudaenv
