// What a wheel's file name says: PEP 427 and the platform tags of PEP 600.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/platform.hpp"

namespace cudaenv {

struct WheelName {
  std::string package;  // normalised: "nvidia-cuda-nvcc"
  std::string version;  // as written
  std::string build;    // build tag, may be empty
  std::vector<std::string> python, abi, platform;  // the parts of a compressed tag
};
[[nodiscard]] std::optional<WheelName> parse_wheel_name(std::string_view filename);

/// The machine a wheel would be unpacked on. A glibc of 0 means that it is not known.
struct WheelTarget {
  Platform platform = this_platform();
  unsigned glibc_minor = 0;  // 36 for glibc 2.36
};

/// Lowest glibc 2.x minor that one of the wheel's platform tags for this machine asks for
/// (manylinux2014 = 17, manylinux_2_28 = 28); 0 for `any`, nullopt where no tag is for this machine.
[[nodiscard]] std::optional<unsigned> glibc_floor(const WheelName& wheel, Platform platform);
/// The highest such level: of two builds of one version, pip takes the one with the higher level.
[[nodiscard]] unsigned glibc_level(const WheelName& wheel, Platform platform);
/// Empty where the wheel can be used, else why not: "for aarch64", "needs glibc 2.34, here is 2.31".
[[nodiscard]] std::string unfit_reason(const WheelName& wheel, const WheelTarget& target);

}  // namespace cudaenv
