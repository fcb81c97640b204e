// A value together with who set it, so that every message can say "(set by …)".
#pragma once

#include <cstdint>
#include <string>

namespace cudaenv {

/// Who set a value. `kind` names match `current --json`.
struct Origin {
  enum class Kind : std::uint8_t { none, flag, environment, file, fallback } kind = Kind::none;
  std::string path;        // the file, or the variable's name
  std::uint32_t line = 0;  // 1-based; 0 where a line makes no sense

  bool operator==(const Origin&) const = default;
};

/// "flag", "environment", "file", "default", "none".
[[nodiscard]] const char* origin_kind_name(Origin::Kind kind);
/// For people: "/p/.cudaenv:1", "$CUDAENV_TOOLKIT", "command line", "default".
[[nodiscard]] std::string describe(const Origin& origin);

template <class T>
struct Sourced {
  T value{};
  Origin origin;
};

}  // namespace cudaenv
