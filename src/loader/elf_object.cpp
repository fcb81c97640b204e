#include "loader/elf_object.hpp"

#include <algorithm>
#include <map>

namespace cudaenv::loader {

namespace {

constexpr std::uint64_t dt_null = 0, dt_needed = 1, dt_strtab = 5, dt_soname = 14, dt_rpath = 15, dt_runpath = 29;
constexpr std::uint64_t dt_flags_1 = 0x6ffffffb, dt_verdef = 0x6ffffffc, dt_verdefnum = 0x6ffffffd;
constexpr std::uint64_t dt_verneed = 0x6ffffffe, dt_verneednum = 0x6fffffff;
constexpr std::uint64_t flag_no_default_folders = 0x800;
constexpr std::size_t dynamic_size = 16, most_dynamic = 16384, most_needed = 1024, most_versions = 4096;

// The dynamic section, each tag's last value, and every DT_NEEDED.
struct Dynamic {
  std::map<std::uint64_t, std::uint64_t> values;
  std::vector<std::uint64_t> needed;
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t tag) const {
    const auto found = values.find(tag);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

Result<Dynamic> read_dynamic(const ElfFile& file, const ElfSegment& segment) {
  const auto size = std::min<std::uint64_t>(segment.file_size, most_dynamic * dynamic_size);
  const auto table = TRY(file.bytes(segment.offset, size));
  Dynamic dynamic;
  for (std::size_t at = 0; at + dynamic_size <= table.size(); at += dynamic_size) {
    const auto tag = little(table, at, 8), value = little(table, at + 8, 8);
    if (tag == dt_null) break;
    if (tag == dt_needed) dynamic.needed.push_back(value);
    dynamic.values[tag] = value;
  }
  if (dynamic.needed.size() > most_needed) return fail(file.damaged("it needs more than 1,024 libraries"));
  return dynamic;
}

/// The texts of the dynamic section, by their offset.
class Strings {
 public:
  Strings(const ElfFile& file, std::uint64_t start) : file_(file), start_(start) {}
  [[nodiscard]] Result<std::string> at(std::uint64_t index) const {
    if (index > file_.size()) return fail(file_.damaged("a name lies outside the file"));
    return file_.text(start_ + index);
  }

 private:
  const ElfFile& file_;
  std::uint64_t start_;
};

// A chain of records, each with the offset of the next: cyclic and endless ones end at `most_versions`.
Result<std::uint64_t> next_of(const ElfFile& file, std::uint64_t at, std::uint64_t step, std::size_t seen) {
  if (seen > most_versions) return fail(file.damaged("more than 4,096 symbol versions"));
  return at + step;
}

Result<std::vector<VersionNeed>> read_needs(const ElfFile& file, const Strings& strings, std::uint64_t start, std::uint64_t count) {
  std::vector<VersionNeed> needs;
  std::size_t seen = 0;
  for (auto at = start; count > 0; --count) {
    const auto head = TRY(file.bytes(at, 16));
    VersionNeed need{TRY(strings.at(little(head, 4, 4))), {}};
    auto aux = at + little(head, 8, 4);
    for (auto left = little(head, 2, 2); left > 0; --left) {
      const auto entry = TRY(file.bytes(aux, 16));
      need.versions.push_back(TRY(strings.at(little(entry, 8, 4))));
      const auto step = little(entry, 12, 4);
      if (step == 0) break;
      aux = TRY(next_of(file, aux, step, ++seen));
    }
    needs.push_back(std::move(need));
    const auto step = little(head, 12, 4);
    if (step == 0) break;
    at = TRY(next_of(file, at, step, ++seen));
  }
  return needs;
}

Result<std::vector<std::string>> read_definitions(const ElfFile& file, const Strings& strings, std::uint64_t start,
                                                  std::uint64_t count) {
  std::vector<std::string> definitions;
  for (auto at = start; count > 0; --count) {
    const auto head = TRY(file.bytes(at, 20));
    const auto aux = TRY(file.bytes(at + little(head, 12, 4), 8));
    constexpr std::uint64_t names_the_file = 1;  // VER_FLG_BASE
    if ((little(head, 2, 2) & names_the_file) == 0) definitions.push_back(TRY(strings.at(little(aux, 0, 4))));
    const auto step = little(head, 16, 4);
    if (step == 0) break;
    at = TRY(next_of(file, at, step, definitions.size()));
  }
  return definitions;
}

Result<void> read_versions(const ElfFile& file, const Dynamic& dynamic, const Strings& strings, ElfObject& object) {
  const auto place = [&](std::uint64_t tag) -> std::optional<std::uint64_t> {
    const auto address = dynamic.find(tag);
    return address ? file.offset_of(*address) : std::nullopt;
  };
  if (const auto at = place(dt_verneed))
    object.version_needs = TRY(read_needs(file, strings, *at, dynamic.find(dt_verneednum).value_or(0)));
  if (const auto at = place(dt_verdef))
    object.version_definitions = TRY(read_definitions(file, strings, *at, dynamic.find(dt_verdefnum).value_or(0)));
  return {};
}

Result<void> read_names(const Dynamic& dynamic, const Strings& strings, ElfObject& object) {
  for (const auto index : dynamic.needed) object.needed.push_back(TRY(strings.at(index)));
  if (const auto index = dynamic.find(dt_soname)) object.soname = TRY(strings.at(*index));
  if (const auto index = dynamic.find(dt_rpath)) object.rpath = TRY(strings.at(*index));
  if (const auto index = dynamic.find(dt_runpath)) object.runpath = TRY(strings.at(*index));
  object.no_default_folders = (dynamic.find(dt_flags_1).value_or(0) & flag_no_default_folders) != 0;
  return {};
}

}  // namespace

Result<ElfObject> read_object(const ElfFile& file) {
  if (file.bits() != 64 || !file.little_endian()) return fail(file.damaged("it is not a 64-bit little-endian one"));
  ElfObject object;
  object.path = file.path();
  object.machine = file.machine();
  object.type = file.type();
  for (const auto& segment : file.segments()) {
    if (segment.type == segment_interpreter) object.interpreter = TRY(file.text(segment.offset));
    if (segment.type != segment_dynamic || object.dynamic) continue;
    object.dynamic = true;
    const auto dynamic = TRY(read_dynamic(file, segment));
    const auto address = dynamic.find(dt_strtab);
    const auto start = address ? file.offset_of(*address) : std::nullopt;
    if (!start) {
      if (dynamic.needed.empty()) continue;
      return fail(file.damaged("it has no texts for the names that it needs"));
    }
    const Strings strings(file, *start);
    TRY(read_names(dynamic, strings, object));
    TRY(read_versions(file, dynamic, strings, object));
  }
  return object;
}

Result<ElfObject> read_object(const std::string& path) { return read_object(TRY(ElfFile::open(path))); }

}  // namespace cudaenv::loader
