#include "model/version.hpp"

namespace cudaenv {

namespace {

constexpr std::uint32_t largest_number = 999999;

bool digit(char c) { return c >= '0' && c <= '9'; }

// Reads one number at `at`; a leading zero is only good for a lone `0`.
bool read_number(std::string_view text, std::size_t& at, std::uint32_t& out) {
  if (at >= text.size() || !digit(text[at])) return false;
  if (text[at] == '0' && at + 1 < text.size() && digit(text[at + 1])) return false;
  std::uint32_t value = 0;
  for (; at < text.size() && digit(text[at]); ++at) {
    value = value * 10 + static_cast<std::uint32_t>(text[at] - '0');
    if (value > largest_number) return false;
  }
  out = value;
  return true;
}

void append(VersionText& out, std::uint32_t number) {
  std::array<char, 10> digits{};
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (n != 0) out.buffer[out.size++] = digits[--n];
}

}  // namespace

bool Version::is_prefix_of(const Version& full) const {
  for (std::size_t i = 0; i < count; ++i)
    if (part[i] != full.part[i]) return false;
  return candidate == 0 || (candidate == full.candidate && compare(*this, full) == 0);
}

bool parse_version(std::string_view text, Version& out) {
  Version version;
  std::size_t at = 0;
  for (;;) {
    if (version.count == version.part.size() || !read_number(text, at, version.part[version.count])) return false;
    ++version.count;
    if (at == text.size()) break;
    if (text.substr(at, 2) == "rc") {
      at += 2;
      if (!read_number(text, at, version.candidate) || version.candidate == 0 || at != text.size()) return false;
      break;
    }
    if (text[at] != '.') return false;
    ++at;
  }
  out = version;
  return true;
}

int compare(const Version& a, const Version& b) {
  for (std::size_t i = 0; i < a.part.size(); ++i)
    if (a.part[i] != b.part[i]) return a.part[i] < b.part[i] ? -1 : 1;
  if (a.candidate == b.candidate) return 0;
  if (a.candidate == 0) return 1;
  if (b.candidate == 0) return -1;
  return a.candidate < b.candidate ? -1 : 1;
}

VersionText to_text(const Version& version) {
  VersionText out;
  const std::size_t shown = version.count == 4 && version.part[3] == 0 ? 3 : version.count;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) out.buffer[out.size++] = '.';
    append(out, version.part[i]);
  }
  if (version.candidate != 0) {
    out.buffer[out.size++] = 'r';
    out.buffer[out.size++] = 'c';
    append(out, version.candidate);
  }
  return out;
}

}  // namespace cudaenv
