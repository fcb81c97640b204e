#include "model/pin_value.hpp"

#include <array>

#include "model/version.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t longest_name = 63;

bool small(char c) { return c >= 'a' && c <= 'z'; }
bool letter(char c) { return small(c) || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Up to four groups of one to six digits, with single dots between them.
bool dotted_numbers(std::string_view text) {
  std::size_t groups = 0;
  std::size_t at = 0;
  for (;;) {
    const std::size_t start = at;
    while (at < text.size() && digit(text[at])) ++at;
    if (at == start || at - start > 6 || ++groups > 4) return false;
    if (at == text.size()) return true;
    if (text[at++] != '.') return false;
  }
}

// The length of the UTF-8 sequence that starts at `at`, 0 where there is none: no overlong form, no
// surrogate, nothing above U+10FFFF (Unicode, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : static_cast<unsigned char>(0);
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    return (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ? 0 : 4;
  }
  return 0;
}

}  // namespace

std::string_view component_name(std::string_view component) {
  for (std::size_t i = 0; i < component.size(); ++i)
    if (component[i] == '@') return {component.data(), i};
  return component;
}

const char* component_fault(std::string_view text) {
  const auto name = component_name(text);
  if (name.empty() || name.size() > longest_name || !small(name.front()))
    return "expected a component such as `nvcc` or `cudnn@9`";
  for (const char c : name)
    if (!small(c) && !digit(c) && c != '_' && c != '-') return "expected a component such as `nvcc` or `cudnn@9`";
  if (name.size() == text.size()) return nullptr;
  Version version;
  if (!parse_version({text.data() + name.size() + 1, text.size() - name.size() - 1}, version))
    return "expected a version such as `9` or `9.10` after `@`";
  return nullptr;
}

const char* channel_fault(std::string_view text) {
  constexpr auto reason = "expected the name of a channel: letters, digits, `_` and `-`, a letter first";
  if (text.empty() || text.size() > longest_name || !letter(text.front())) return reason;
  for (const char c : text)
    if (!letter(c) && !digit(c) && c != '_' && c != '-') return reason;
  return nullptr;
}

const char* bound_fault(std::string_view text) {
  constexpr std::array<std::string_view, 6> comparisons{">=", "<=", "==", "!=", ">", "<"};
  for (const auto comparison : comparisons) {
    if (!text.starts_with(comparison)) continue;
    text.remove_prefix(comparison.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
    return dotted_numbers(text) ? nullptr : "expected numbers such as `570.26` after the comparison";
  }
  return "expected a comparison such as `>=570.26`";
}

const char* torch_fault(std::string_view text) {
  constexpr auto reason = "expected the build of a torch wheel such as `cu128`";
  if (!text.starts_with("cu") || text.size() < 4 || text.size() > 6) return reason;
  text.remove_prefix(2);
  for (const char c : text)
    if (!digit(c)) return reason;
  return nullptr;
}

std::size_t find_bad_byte(std::string_view text, const char*& reason) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\r') {
      if (at + 1 == text.size() || text[at + 1] != '\n') return reason = "a carriage return without a line feed", at;
    } else if (byte == 0) {
      return reason = "a NUL byte", at;
    } else if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F) {
      return reason = "a control character", at;
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return reason = "invalid UTF-8", at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace cudaenv
