// JSON from outside, bounded before anything is built from it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cudaenv {

inline constexpr int max_json_depth = 32;

/// Parses JSON of at most `max_page_bytes` (page.hpp) and `max_json_depth` levels. `what` names the text in
/// the error: "the index page". Code::integrity.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, const std::string& what);

/// A text member of an object; empty where it is absent or no text.
[[nodiscard]] std::string text_member(const nlohmann::json& object, const char* key);

}  // namespace cudaenv
