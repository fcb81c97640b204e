#include "loader/elf_file.hpp"

#include <algorithm>

namespace cudaenv::loader {

namespace {

constexpr std::size_t header_size = 64, segment_size = 56, section_size = 64;
constexpr std::uint64_t most_segments = 1024, most_sections = 1 << 16, most_name_bytes = 16 << 20;
constexpr std::uint64_t most_bytes = 64 << 20, longest_text = 4096;

}  // namespace

std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

Error ElfFile::damaged(std::string cause) const {
  return make_error(Code::integrity, "cannot read `" + path_ + "` as ELF", std::move(cause));
}

Result<ElfFile> ElfFile::open(const std::string& path) {
  ElfFile elf(TRY(RandomFile::open(path)), path);
  const auto head = TRY(elf.bytes(0, std::min<std::uint64_t>(elf.size(), 4096)));
  if (head.size() < 20 || !head.starts_with("\x7f" "ELF")) return fail(elf.damaged("it does not begin as one"));
  elf.bits_ = head[4] == 2 ? 64 : 32;
  elf.little_endian_ = head[5] == 1;
  if (!elf.little_endian_) return elf;
  elf.type_ = static_cast<std::uint16_t>(little(head, 16, 2));
  elf.machine_ = static_cast<std::uint16_t>(little(head, 18, 2));
  if (elf.bits_ == 64) TRY(elf.read_segments(head));
  return elf;
}

Result<void> ElfFile::read_segments(std::string_view head) {
  if (head.size() < header_size) return fail(damaged("its header is cut short"));
  section_table_ = little(head, 40, 8);
  section_count_ = section_table_ == 0 ? 0 : little(head, 60, 2);
  section_names_ = little(head, 62, 2);
  if (section_table_ != 0 && little(head, 58, 2) != section_size) return fail(damaged("section headers of an unknown size"));
  const auto offset = little(head, 32, 8), count = little(head, 56, 2);
  if (count == 0) return {};
  if (little(head, 54, 2) != segment_size || count > most_segments) return fail(damaged("its program headers make no sense"));
  const bool here = offset <= head.size() && head.size() - offset >= count * segment_size;
  const auto table = here ? std::string(head.substr(offset, count * segment_size)) : TRY(bytes(offset, count * segment_size));
  for (std::size_t at = 0; at < table.size(); at += segment_size)
    segments_.push_back({static_cast<std::uint32_t>(little(table, at, 4)), little(table, at + 8, 8), little(table, at + 16, 8),
                         little(table, at + 32, 8), little(table, at + 40, 8)});
  return {};
}

// The first section header holds the counts that do not fit into the file header (System V ABI, "Section Header").
Result<std::vector<ElfSection>> ElfFile::sections() const {
  if (section_table_ == 0 || bits_ != 64 || !little_endian_) return std::vector<ElfSection>{};
  const auto first = TRY(bytes(section_table_, section_size));
  const auto count = section_count_ != 0 ? section_count_ : little(first, 32, 8);
  const auto names_at = section_names_ != 0xffff ? section_names_ : little(first, 40, 4);
  if (count > most_sections) return fail(damaged("it claims " + std::to_string(count) + " sections"));
  if (count == 0) return std::vector<ElfSection>{};
  if (names_at >= count) return fail(damaged("its section names are in a section that it does not have"));
  const auto table = TRY(bytes(section_table_, count * section_size));
  const auto names_row = names_at * section_size;
  const auto names_size = little(table, names_row + 32, 8);
  if (names_size > most_name_bytes) return fail(damaged("its section names are too long"));
  const auto names = TRY(bytes(little(table, names_row + 24, 8), names_size));
  std::vector<ElfSection> sections;
  for (std::size_t at = 0; at < table.size(); at += section_size) {
    const auto name = little(table, at, 4);
    if (name >= names.size() && name != 0) return fail(damaged("a section's name is outside the names"));
    const auto end = name < names.size() ? names.find('\0', name) : 0;
    if (end == std::string::npos) return fail(damaged("a section's name has no end"));
    sections.push_back({names.substr(std::min<std::size_t>(name, names.size()), std::min<std::size_t>(end - name, 256)),
                        static_cast<std::uint32_t>(little(table, at + 4, 4)), little(table, at + 24, 8), little(table, at + 32, 8)});
  }
  return sections;
}

std::optional<std::uint64_t> ElfFile::offset_of(std::uint64_t address) const {
  for (const auto& segment : segments_)
    if (segment.type == segment_load && address >= segment.address && address - segment.address < segment.file_size) {
      const auto inside = address - segment.address;
      if (segment.offset > size() || inside > size() - segment.offset) return std::nullopt;
      return segment.offset + inside;
    }
  return std::nullopt;
}

Result<std::string> ElfFile::bytes(std::uint64_t offset, std::uint64_t count) const {
  if (count > most_bytes) return fail(damaged("a table of " + std::to_string(count) + " bytes"));
  if (offset > size() || count > size() - offset) return fail(damaged("a table leaves the file"));
  std::string out(count, '\0');
  TRY(file_.read(offset, std::as_writable_bytes(std::span(out))));
  return out;
}

Result<std::string> ElfFile::text(std::uint64_t offset) const {
  if (offset >= size()) return fail(damaged("a name lies outside the file"));
  for (std::uint64_t want = 64;; want = longest_text) {
    auto out = TRY(bytes(offset, std::min(want, size() - offset)));
    const auto end = out.find('\0');
    if (end != std::string::npos) return out.substr(0, end);
    if (want == longest_text) return fail(damaged("a name without an end"));
  }
}

}  // namespace cudaenv::loader
