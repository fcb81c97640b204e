// From a wish to a toolkit on this disk.
#pragma once

#include <memory>
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
  Receipt toolkit;  // `path` is real
};

/// Who asks for what, here and now. `flag` is a SPEC argument. `spec` is empty when nobody chose. Under a
/// flag or $CUDAENV_TOOLKIT no project file is read, so a broken one is in nobody's way.
[[nodiscard]] Result<Selection> find_selection(const World& world, const std::optional<std::string>& flag = {});

/// The nearest `.cudaenv`, whoever outranks it: for `install` and `lock`. Null where there is none.
[[nodiscard]] Result<std::shared_ptr<const PinFile>> project_pin(const World& world);

/// The installed toolkit that `selection` means. Code::not_installed, naming who asked and the command
/// that installs it; never another toolkit in silence.
[[nodiscard]] Result<Receipt> find_toolkit(const World& world, const Selection& selection);

/// Both.
[[nodiscard]] Result<Selected> select(const World& world, const std::optional<std::string>& flag = {});

/// `driver` and `torch` as a spec that installed toolkits and channels can be asked for: ">=11.8,<12.5" where a driver
/// of CUDA 12.4 and its GPUs take these in full, "12.8" where torch was built with that; any other spec as it is.
[[nodiscard]] Result<std::string> concrete_spec(const World& world, const Selection& selection);

/// The name under which shims find `toolkit` again: its version, a link's name, or `system`.
[[nodiscard]] std::string name_of(const Receipt& toolkit);

/// The user's configuration, for commands (cli may not include project/).
[[nodiscard]] Result<Config> configuration(const World& world);

/// The URL of a channel: its own, or for kind wheels without one, pip's index (starts python3).
[[nodiscard]] Result<std::string> channel_url(const World& world, const ChannelConfig& channel);

/// The file that holds the user's default, and what it says.
[[nodiscard]] std::string default_file(const World& world);
[[nodiscard]] Result<std::optional<std::string>> read_default(const World& world);
/// Without a value: forgets it.
[[nodiscard]] Result<void> write_default(const World& world, const std::optional<std::string>& spec);

}  // namespace cudaenv::app
