#include "catalog/json_text.hpp"

#include <nlohmann/json.hpp>

#include "catalog/page.hpp"

namespace cudaenv {

namespace {

// Deepest nesting of brackets outside strings. The parser recurses nowhere, but a DOM's destructor does.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_json_depth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, const std::string& what) {
  if (text.size() > max_page_bytes) return fail(Code::integrity, "cannot read " + what, "it is longer than 16 MiB");
  if (too_deep(text)) return fail(Code::integrity, "cannot read " + what, "its JSON is nested deeper than 32 levels");
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return fail(Code::integrity, "cannot read " + what, "malformed JSON at byte " + std::to_string(error.byte));
  } catch (const std::exception&) {
    return fail(Code::integrity, "cannot read " + what, "malformed JSON");
  }
}

std::string text_member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace cudaenv
