#include "verify/compat_note.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/facts_tables.hpp"

namespace cudaenv::verify {

namespace {

using nlohmann::json;

constexpr std::size_t file_head = 64, section_head = 64, note_head = 12;
constexpr std::uint64_t type_note = 7;
constexpr std::uint64_t most_sections = 512, longest_names = 64 * 1024, longest_note = 16 * 1024;
constexpr std::string_view section_name = ".note.cuda.fwd_compatibility";
constexpr std::string_view owner = "NVIDIA Corporation";

// Little-endian; the caller has seen to it that the bytes are there.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Section {
  std::uint64_t name, type, offset, size;
};

std::vector<Section> sections_of(std::string_view table) {
  std::vector<Section> sections;
  for (std::size_t at = 0; at + section_head <= table.size(); at += section_head)
    sections.push_back({number(table, at, 4), number(table, at + 4, 4), number(table, at + 24, 8), number(table, at + 32, 8)});
  return sections;
}

std::string_view name_at(std::string_view names, std::uint64_t at) {
  if (at >= names.size()) return {};
  const auto rest = names.substr(at);
  return rest.substr(0, rest.find('\0'));
}

// The description of a note whose name is NVIDIA's; empty for any other.
std::string_view description_of(std::string_view note) {
  if (note.size() < note_head) return {};
  const auto name_size = number(note, 0, 4), size = number(note, 4, 4);
  const auto begin = note_head + (name_size + 3) / 4 * 4;  // both are 32 bits long: no overflow
  if (begin > note.size()) return {};
  auto name = note.substr(note_head, name_size);
  name = name.substr(0, name.find('\0'));
  if (name != owner) return {};
  const auto text = note.substr(begin, size);  // may promise more than there is: a Jetson's counts its padding
  return text.substr(0, text.find('\0'));
}

// NVIDIA's own reader does not tell upper from lower case.
const json* member(const json& object, std::string_view name) {
  for (auto at = object.begin(); at != object.end(); ++at)
    if (lower(at.key()) == name) return &*at;
  return nullptr;
}

std::optional<CompatNote> parse_description(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  CompatNote note;
  const auto* cuda = member(object, "cuda version");
  const auto* drivers = member(object, "driver");
  if (cuda != nullptr && cuda->is_string()) note.cuda = parse_cuda(cuda->get_ref<const std::string&>()).value_or(0);
  if (drivers != nullptr && drivers->is_array())
    for (const auto& branch : *drivers)
      if (branch.is_number_integer() && branch > 0 && branch < 100'000) note.drivers.push_back(branch.get<int>());
  return note.cuda != 0 || !note.drivers.empty() ? std::optional(std::move(note)) : std::nullopt;
}

}  // namespace

Result<std::optional<CompatNote>> find_compat_note(const ReadAt& read) {
  const auto head = TRY(read(0, file_head));
  if (head.size() < file_head || !head.starts_with("\x7f" "ELF\x02\x01")) return std::nullopt;
  const auto count = number(head, 60, 2), names_index = number(head, 62, 2);
  if (number(head, 58, 2) != section_head || count > most_sections || names_index >= count) return std::nullopt;
  const auto sections = sections_of(TRY(read(number(head, 40, 8), static_cast<std::size_t>(count * section_head))));
  if (names_index >= sections.size()) return std::nullopt;
  const auto& listed = sections[static_cast<std::size_t>(names_index)];
  const auto names = TRY(read(listed.offset, static_cast<std::size_t>(std::min(listed.size, longest_names))));
  for (const auto& section : sections) {
    if (section.type != type_note || section.size > longest_note || name_at(names, section.name) != section_name) continue;
    const auto bytes = TRY(read(section.offset, static_cast<std::size_t>(section.size)));
    return parse_description(description_of(bytes));
  }
  return std::nullopt;
}

Result<std::optional<CompatNote>> read_compat_note(const std::string& path) {
  return find_compat_note([&](std::uint64_t offset, std::size_t size) { return fs::read_at(path, offset, size); });
}

}  // namespace cudaenv::verify
