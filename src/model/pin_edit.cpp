#include "model/pin_edit.hpp"

#include <algorithm>

#include "model/pin_value.hpp"
#include "model/pinfile.hpp"

namespace cudaenv {

namespace {

constexpr auto npos = std::string_view::npos;

// A text that parse_pin accepts, with the places where something can be put.
struct Document {
  std::string_view text;
  Pin pin;
  bool says_something = false;
  std::size_t first_line = npos;     // start of the line of the first key or table
  std::size_t components = npos;     // after the `[` of the array
  std::size_t require_table = npos;  // end of the line of [require], before its line end

  [[nodiscard]] std::size_t offset(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text.data());
  }
  [[nodiscard]] std::size_t line_end(std::size_t at) const {
    return std::min(text.find_first_of("\r\n", at), text.size());
  }
  [[nodiscard]] bool one_line_form() const {
    if (pin.toolkit_line == 0) return false;
    const std::size_t at = offset(pin.toolkit.text);
    return at == 0 || (text[at - 1] != '"' && text[at - 1] != '\'');
  }
  [[nodiscard]] std::string_view newline() const {
    const auto at = text.find('\n');
    return at != npos && at != 0 && text[at - 1] == '\r' ? "\r\n" : "\n";
  }
};

// The end of the array that begins at `at`: the text was accepted, so only strings and comments can
// hide its `]`.
std::size_t array_end(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != ']') {
    if (text[at] == '"' || text[at] == '\'') at = text.find(text[at], at + 1);
    if (text[at] == '#') at = text.find('\n', at);
    ++at;
  }
  return at;
}

void find_places(Document& document) {
  const auto text = document.text;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == npos) return;
    if (text[at] != '#') {
      const std::size_t line = text.find_last_of('\n', at);
      if (document.first_line == npos) document.first_line = line == npos || line < begin ? begin : line + 1;
      if (text[at] == '[') document.require_table = document.line_end(at);
      if (text.substr(at).starts_with("components") && !document.one_line_form()) {
        document.components = text.find('[', at) + 1;
        at = array_end(text, document.components);
      }
    }
    at = text.find('\n', at);
    if (at == npos) return;
    ++at;
  }
}

bool read(std::string_view text, Document& out) {
  out.text = text;
  PinError error;
  out.says_something = parse_pin(text, out.pin, error);
  if (!out.says_something) {
    // What lacks nothing but a value may be edited (empty, comments, a bare [require]); what is wrong stays as it is.
    Pin pin;
    const std::string started(text);
    if (!parse_pin(started + "\n12.8\n", pin, error) && !parse_pin(started + "\ntorch = 'cu128'\n", pin, error))
      return false;
  }
  find_places(out);
  return true;
}

std::string replaced(std::string_view text, std::size_t at, std::size_t size, std::string_view by) {
  return std::string(text.substr(0, at)) + std::string(by) + std::string(text.substr(at + size));
}

std::string quoted(std::string_view value) { return '"' + std::string(value) + '"'; }

std::string with_last_line(const Document& document, const std::string& line) {
  std::string out(document.text);
  if (!out.empty() && out != "\xEF\xBB\xBF" && !out.ends_with('\n')) out += document.newline();
  return out + line + std::string(document.newline());
}

std::string with_first_line(const Document& document, const std::string& line) {
  if (document.first_line == npos) return with_last_line(document, line);
  return replaced(document.text, document.first_line, 0, line + std::string(document.newline()));
}

// The one-line form said in TOML; every other text as it is.
std::string as_toml(const Document& document) {
  if (!document.one_line_form()) return std::string(document.text);
  const auto spec = document.pin.toolkit.text;
  return replaced(document.text, document.offset(spec), spec.size(), "toolkit = " + quoted(spec));
}

std::string with_component(const Document& document, std::string_view component) {
  const Pin& pin = document.pin;
  for (std::size_t i = 0; i < pin.components; ++i)
    if (component_name(pin.component[i]) == component_name(component))
      return replaced(document.text, document.offset(pin.component[i]), pin.component[i].size(), component);
  if (pin.components == pin.component.size()) return std::string(document.text);
  if (pin.components != 0) {
    const auto last = pin.component[pin.components - 1U];
    return replaced(document.text, document.offset(last) + last.size() + 1, 0, ", " + quoted(component));
  }
  if (document.components != npos) return replaced(document.text, document.components, 0, quoted(component));
  const std::string line = "components = [" + quoted(component) + "]";
  if (pin.toolkit_line == 0) return with_first_line(document, line);
  const std::size_t end = document.line_end(document.offset(pin.toolkit.text));
  return replaced(document.text, end, 0, std::string(document.newline()) + line);
}

std::string with_require(const Document& document, std::string_view key, std::string_view old, std::string_view value) {
  if (!old.empty()) return replaced(document.text, document.offset(old), old.size(), value);
  const std::string line = std::string(key) + " = " + quoted(value);
  const std::string newline(document.newline());
  if (document.require_table != npos) return replaced(document.text, document.require_table, 0, newline + line);
  return with_last_line(document, (document.says_something ? newline : "") + "[require]" + newline + line);
}

}  // namespace

std::string set_toolkit(std::string_view text, std::string_view spec) {
  Document document;
  VersionSpec parsed;
  const char* reason = "";
  if (!parse_spec(spec, parsed, reason) || !read(text, document)) return std::string(text);
  if (!document.says_something) {
    // A table without a key says nothing either, but only TOML can follow it.
    if (document.require_table == npos) return with_last_line(document, std::string(spec));
    return with_first_line(document, "toolkit = " + quoted(spec));
  }
  if (document.pin.toolkit_line == 0) return with_first_line(document, "toolkit = " + quoted(spec));
  const auto old = document.pin.toolkit.text;
  return replaced(text, document.offset(old), old.size(), spec);
}

std::string add_component(std::string_view text, std::string_view component) {
  Document document;
  if (component_fault(component) != nullptr || !read(text, document)) return std::string(text);
  const std::string toml = as_toml(document);
  Document again;
  return read(toml, again) ? with_component(again, component) : std::string(text);
}

std::string set_require(std::string_view text, std::string_view key, std::string_view value) {
  const bool torch = key == "torch";
  if (!torch && key != "driver" && key != "compute_capability") return std::string(text);
  Document document;
  if ((torch ? torch_fault(value) : bound_fault(value)) != nullptr || !read(text, document)) return std::string(text);
  const std::string toml = as_toml(document);
  Document again;
  if (!read(toml, again)) return std::string(text);
  const Pin::Require& require = again.pin.require;
  return with_require(again, key,
                      torch             ? require.torch
                      : key == "driver" ? require.driver
                                        : require.compute_capability,
                      value);
}

}  // namespace cudaenv
