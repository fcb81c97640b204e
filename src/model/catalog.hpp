// What channels offer. A Release is one toolkit in one channel, an Artifact one downloadable file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  std::map<std::string, std::vector<std::string>> needs;  // what the channel itself says: "cublas" -> "nvrtc"
  [[nodiscard]] bool has(std::string_view component) const {
    for (const auto& name : components)
      if (name == component) return true;
    return false;
  }
};

/// What a person asked for by name: `cublas`, `cudnn@9`.
struct ComponentRequest {
  std::string name;     // canonical
  std::string version;  // "9", "9.10"; empty: any
};

/// What manifests/components.toml says about one component.
struct ComponentFact {
  std::string name;                 // canonical: "crt"
  std::string title;                // "compiler headers", for `list --available`
  std::string wheel;                // "nvidia-cuda-crt", without -cuNN; empty: never a wheel
  std::vector<std::string> redist;  // names in redist manifests; empty: never there
  bool companion = false;           // has versions of its own beside the toolkit's: cudnn, nccl
  std::string product;              // redist tree of a companion: "cudnn"
  std::vector<std::string> needs;   // canonical names, where the release has them
  bool only_by_name = false;        // not part of profile full
  std::string inside;               // before `inside_before`, part of that component: crt is inside nvcc
  Version inside_before;
};

/// A component of a release, and which versions of which package will do.
struct ComponentPin {
  std::string component;  // "nvcc"
  std::string package;    // "nvidia-cuda-nvcc"
  std::string specifier;  // PEP 440: "==13.0.88.*", "<14,>=13.5.37"; empty: any
};

/// A file that a channel has for a package, and whether this machine could use it at all.
struct FileCandidate {
  Artifact artifact;
  std::string unfit;         // why it can never be used here ("is for aarch64"); empty: it can
  unsigned glibc_minor = 0;  // the newest glibc 2.x that it was built for; among builds of one version the highest wins
};

/// Everything that a channel has for one pin.
struct ComponentFiles {
  ComponentPin pin;
  std::string channel;
  std::vector<FileCandidate> files;
};

}  // namespace cudaenv
