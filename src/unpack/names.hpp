// Which characters a member's name may have, and when two names are one on some file system. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cudaenv::unpack {

enum class BadCharacter { control, invalid_utf8, confusing, backslash };

/// The first fault among a name's characters. Combining marks and their like are faults: without them, two names
/// that look alike are alike, and no table of normal forms is needed.
[[nodiscard]] std::optional<BadCharacter> find_bad_character(std::string_view name);

/// The name as a file system that ignores case would compare it (Latin, Greek and Cyrillic).
[[nodiscard]] std::string fold_case(std::string_view name);

}  // namespace cudaenv::unpack
