// From a wish to a toolkit on this disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/config.hpp"
#include "model/install.hpp"
#include "model/selection.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

struct Selected {
  Selection selection;
  Receipt toolkit;
};

/// Who asks for what, here and now. `flag` is a SPEC argument. `spec` is empty when nobody chose.
[[nodiscard]] Result<Selection> find_selection(const World& world, const std::optional<std::string>& flag = {});

/// The installed toolkit that `selection` means. Code::not_installed, naming who asked and the command
/// that installs it; never another toolkit in silence.
[[nodiscard]] Result<Receipt> find_toolkit(const World& world, const Selection& selection);

/// Both.
[[nodiscard]] Result<Selected> select(const World& world, const std::optional<std::string>& flag = {});

/// The user's configuration, for commands (cli may not include project/).
[[nodiscard]] Result<Config> configuration(const World& world);

/// The URL of a channel: its own, or for kind wheels without one, pip's index (starts python3).
[[nodiscard]] Result<std::string> channel_url(const World& world, const ChannelConfig& channel);

}  // namespace cudaenv::app
