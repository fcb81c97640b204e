// The user's configuration: /etc/cudaenv/config.toml below the user's own file.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/config.hpp"
#include "sys/world.hpp"

namespace cudaenv::project {

/// What holds where no file says otherwise.
[[nodiscard]] Config default_config();

/// Lays the TOML `text` of the file `name` over `config`. Pure. A wrong value is Code::config with
/// `name:line`; an unknown key becomes a warning.
[[nodiscard]] Result<void> overlay_config(std::string_view text, const std::string& name, Config& config);

/// The configuration of this user. A missing file is fine.
[[nodiscard]] Result<Config> read_config(const World& world, const std::string& site_file = "/etc/cudaenv/config.toml");

}  // namespace cudaenv::project
