// The user's configuration as values (README, "Configuration"). Every value knows who set it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/sourced.hpp"
#include "model/catalog.hpp"

namespace cudaenv {

/// What activation does with LD_LIBRARY_PATH (DESIGN section 7).
enum class LibraryPathPolicy : std::uint8_t { automatic, always, never };
/// "auto", "always", "never".
[[nodiscard]] constexpr std::string_view library_path_name(LibraryPathPolicy policy) {
  return policy == LibraryPathPolicy::automatic ? "auto" : policy == LibraryPathPolicy::always ? "always" : "never";
}

/// One `[channel.NAME]`. An empty url of kind wheels means: the index that pip is configured with.
struct ChannelConfig {
  std::string name;
  Sourced<ChannelKind> kind;
  Sourced<std::string> url;         // https, file, http to a loopback address; ends with a slash
  Sourced<bool> allow_http{false, {}};
};

struct Config {
  Sourced<std::vector<std::string>> channels;  // order tried; each has an entry in `channel`
  Sourced<LibraryPathPolicy> library_path{LibraryPathPolicy::automatic, {}};
  Sourced<std::uint32_t> jobs;                 // 0: as many as there are cores
  std::vector<ChannelConfig> channel;
  std::vector<std::string> warnings;           // "file:3: unknown key `x`"

  [[nodiscard]] const ChannelConfig* find_channel(std::string_view name) const {
    for (const auto& one : channel)
      if (one.name == name) return &one;
    return nullptr;
  }
};

}  // namespace cudaenv
