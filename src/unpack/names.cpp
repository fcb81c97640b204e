#include "unpack/names.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace cudaenv::unpack {

namespace {

struct Range {
  char32_t first, last;
};

/// Invisible or direction-changing characters, marks that join the letter before them, letters that Unicode
/// holds twice, and the private and unassigned ends of the planes (Unicode 15, chapter 23 and UAX #15).
constexpr std::array<Range, 20> confusing{{
    {0x00ad, 0x00ad},   {0x0300, 0x036f},   {0x0483, 0x0489},   {0x061c, 0x061c},     {0x1100, 0x11ff},
    {0x180b, 0x180f},   {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},   {0x1e00, 0x1fff},     {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x20d0, 0x20ff},   {0x2126, 0x212b},     {0x3099, 0x309a},
    {0xa960, 0xa97f},   {0xd7b0, 0xd7ff},   {0xe000, 0xf8ff},   {0xf900, 0xffff},     {0x1d165, 0x10ffff},
}};

bool is_confusing(char32_t point) {
  return std::any_of(confusing.begin(), confusing.end(), [point](Range r) { return point >= r.first && point <= r.last; });
}

char32_t fold(char32_t point) {
  if ((point >= 'A' && point <= 'Z') || (point >= 0xc0 && point <= 0xde && point != 0xd7)) return point + 0x20;
  if (point >= 0x0391 && point <= 0x03a9) return point + 0x20;
  if (point == 0x03c2) return 0x03c3;  // final sigma
  if (point >= 0x0410 && point <= 0x042f) return point + 0x20;
  if (point >= 0x0400 && point <= 0x040f) return point + 0x50;
  if (point == 0x0130) return 'i';
  if (point == 0x0131) return 'i';
  if (point == 0x017f) return 's';
  if (point == 0x0178) return 0xff;
  if (point == 0xdf || point == 0x1e9e) return 's';
  // Latin Extended-A and the rest of Cyrillic alternate, capital first; two stretches begin on an odd number.
  if ((point >= 0x0139 && point <= 0x0148) || (point >= 0x0179 && point <= 0x017e)) return point + (point & 1U);
  if ((point >= 0x0100 && point <= 0x0177) || (point >= 0x0460 && point <= 0x04ff)) return point | 1U;
  return point;
}

void append_utf8(std::string& out, char32_t point) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0U | (point >> 12U));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0U | (point >> 18U));
    tail(12), tail(6), tail(0);
  }
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view name) {
  while (!name.empty()) {
    const auto point = take_utf8(name);
    if (!point) return BadCharacter::invalid_utf8;
    if (*point < 0x20 || (*point >= 0x7f && *point <= 0x9f)) return BadCharacter::control;
    if (*point == '\\') return BadCharacter::backslash;
    if (*point >= 0x80 && is_confusing(*point)) return BadCharacter::confusing;
  }
  return std::nullopt;
}

std::string fold_case(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto point = take_utf8(name);
    if (!point) return out += name;  // cannot be admitted anyway
    append_utf8(out, fold(*point));
  }
  return out;
}

}  // namespace cudaenv::unpack
