// What channels offer. A Release is one toolkit in one channel, an Artifact one downloadable file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/version.hpp"

namespace cudaenv {

enum class ChannelKind : std::uint8_t { redist, wheels };
[[nodiscard]] constexpr std::string_view channel_kind_name(ChannelKind kind) {
  return kind == ChannelKind::redist ? "redist" : "wheels";
}

/// One file of a channel. `sha256` is always known before it is fetched.
struct Artifact {
  std::string component;     // canonical: "nvcc", "cublas" (manifests/components.toml)
  std::string package;       // the channel's own name: "nvidia-cuda-nvcc", "cuda_nvcc"
  std::string version;       // the component's own version, "13.0.88"
  std::string filename;      // last part of the URL
  std::string url;           // https, file, or http to a loopback address
  std::string sha256;        // 64 lower-case hex digits
  std::uint64_t size = 0;    // bytes; 0 where the index does not say
  ChannelKind kind = ChannelKind::wheels;
  bool yanked = false;
  std::string yanked_reason;
  std::string license;       // as the channel names it, may be empty
};

/// One toolkit release as a channel offers it, components by canonical name.
struct Release {
  Version version;
  std::string channel;                  // "nvidia", "wheels", a user's own
  ChannelKind kind = ChannelKind::wheels;
  std::vector<std::string> components;  // sorted canonical names
  bool has_nvcc = false;                // a complete compiler, not only ptxas (12.x wheels)
  [[nodiscard]] bool has(std::string_view component) const {
    for (const auto& name : components)
      if (name == component) return true;
    return false;
  }
};

}  // namespace cudaenv
