#include "store/elf_soname.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t pt_load = 1, pt_dynamic = 2;
constexpr std::uint64_t dt_null = 0, dt_strtab = 5, dt_soname = 14;
constexpr std::size_t program_header_size = 56, dynamic_size = 16;
constexpr std::size_t most_program_headers = 128, most_dynamic = 1024, longest_soname = 255;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Segment {
  std::uint64_t type, offset, address, size;
};

std::vector<Segment> read_segments(std::string_view table) {
  std::vector<Segment> segments;
  for (std::size_t at = 0; at + program_header_size <= table.size(); at += program_header_size)
    segments.push_back({number(table, at, 4), number(table, at + 8, 8), number(table, at + 16, 8),
                        number(table, at + 32, 8)});
  return segments;
}

std::optional<std::uint64_t> file_offset(const std::vector<Segment>& segments, std::uint64_t address) {
  for (const auto& segment : segments)
    if (segment.type == pt_load && address >= segment.address && address - segment.address < segment.size)
      return segment.offset + (address - segment.address);
  return std::nullopt;
}

// The file offset of the SONAME's text, from the dynamic section.
std::optional<std::uint64_t> soname_offset(const std::vector<Segment>& segments, std::string_view dynamic) {
  std::optional<std::uint64_t> strings, name;
  for (std::size_t at = 0; at + dynamic_size <= dynamic.size(); at += dynamic_size) {
    const auto tag = number(dynamic, at, 8), value = number(dynamic, at + 8, 8);
    if (tag == dt_null) break;
    if (tag == dt_strtab) strings = value;
    if (tag == dt_soname) name = value;
  }
  if (!strings || !name || *name > (1U << 30)) return std::nullopt;
  const auto start = file_offset(segments, *strings);
  return start ? std::optional(*start + *name) : std::nullopt;
}

}  // namespace

Result<std::string> elf_soname(const std::string& path) {
  const auto head = TRY(fs::read_at(path, 0, 64));
  constexpr std::uint64_t type_dyn = 3;
  if (head.size() < 64 || !head.starts_with("\x7f" "ELF\x02\x01") || number(head, 16, 2) != type_dyn)
    return std::string{};
  const auto entries = number(head, 56, 2);
  if (number(head, 54, 2) != program_header_size || entries > most_program_headers) return std::string{};
  const auto segments = read_segments(TRY(fs::read_at(path, number(head, 32, 8), entries * program_header_size)));
  for (const auto& segment : segments) {
    if (segment.type != pt_dynamic) continue;
    const auto size = std::min<std::uint64_t>(segment.size, most_dynamic * dynamic_size);
    const auto dynamic = TRY(fs::read_at(path, segment.offset, static_cast<std::size_t>(size)));
    const auto at = soname_offset(segments, dynamic);
    if (!at) return std::string{};
    const auto text = TRY(fs::read_at(path, *at, longest_soname + 1));
    const auto end = text.find('\0');
    if (end == std::string::npos || text.find('/') < end) return std::string{};
    return text.substr(0, end);
  }
  return std::string{};
}

}  // namespace cudaenv::store
