// Which host compilers a toolkit's own crt/host_config.h accepts. Pure: it outranks every table.
#pragma once

#include <string_view>

namespace cudaenv::verify {

/// Major versions, both ends included; 0 where the header names no limit.
struct HostLimits {
  int gcc_min = 0, gcc_max = 0;
  int clang_min = 0, clang_max = 0;

  [[nodiscard]] bool takes_gcc(int major) const { return major >= gcc_min && (gcc_max == 0 || major <= gcc_max); }
  [[nodiscard]] bool takes_clang(int major) const { return major >= clang_min && (clang_max == 0 || major <= clang_max); }
};

/// Reads the conditions that lead to `#error`: `__GNUC__ > 15`, `(__clang_major__ >= 21) || (__clang_major__ < 3)`.
/// Conditions for other products (HOS, Grace, ICC) are passed over.
[[nodiscard]] HostLimits read_host_limits(std::string_view header);

}  // namespace cudaenv::verify
