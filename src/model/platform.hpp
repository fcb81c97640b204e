// The machine that a toolkit is for.
#pragma once

#include <string_view>

namespace cudaenv {

/// Platforms with the name that redist manifests use for them (FACTS A1).
enum class Platform { linux_x86_64, linux_sbsa };

/// "linux-x86_64", "linux-sbsa".
[[nodiscard]] constexpr std::string_view redist_name(Platform platform) {
  return platform == Platform::linux_x86_64 ? "linux-x86_64" : "linux-sbsa";
}
/// PEP 508 `platform_machine`: "x86_64", "aarch64".
[[nodiscard]] constexpr std::string_view machine_name(Platform platform) {
  return platform == Platform::linux_x86_64 ? "x86_64" : "aarch64";
}
/// What this program was built for.
[[nodiscard]] constexpr Platform this_platform() {
#if defined(__aarch64__)
  return Platform::linux_sbsa;
#else
  return Platform::linux_x86_64;
#endif
}

}  // namespace cudaenv
