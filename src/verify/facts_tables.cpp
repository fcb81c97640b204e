#include "verify/facts_tables.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/toml_file.hpp"

namespace cudaenv::verify {

namespace {

using nlohmann::json;

Error malformed(const std::string& file, const std::string& where) {
  return make_error(Code::config, "cannot read `" + file + "`", "`" + where + "` is not as manifests/README.md says");
}

// Calls `each(key, value)` for every entry of a table; false from it is a malformed entry.
template <class Each>
Result<void> for_each(const json& document, const char* table, const std::string& file, Each each) {
  const auto found = document.find(table);
  if (found == document.end() || !found->is_object()) return fail(malformed(file, table));
  for (const auto& [key, value] : found->items())
    if (!each(key, value)) return fail(malformed(file, std::string(table) + "." + key));
  return {};
}

std::optional<int> small_number(std::string_view text) {
  const auto number = parse_u64(text);
  return number && *number < 1'000'000 ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

// A text member of a table entry, "" where it is absent; absent altogether where it is no text.
std::optional<std::string> text_of(const json& entry, const char* member) {
  if (!entry.is_object()) return std::nullopt;
  const auto found = entry.find(member);
  if (found == entry.end()) return "";
  return found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

Result<void> read_drivers(const std::string& file, Tables& tables) {
  const auto document = TRY(read_toml_file(file));
  TRY(for_each(document, "minor-compatibility", file, [&](const std::string& key, const json& value) {
    const auto major = small_number(key);
    return major && value.is_string() && (tables.minor_compat_min[*major] = value.get<std::string>(), true);
  }));
  return for_each(document, "branch", file, [&](const std::string& key, const json& value) {
    const auto branch = small_number(key);
    const auto cuda = parse_cuda(text_of(value, "cuda").value_or(""));
    const auto isa = parse_tenths(text_of(value, "ptx").value_or(""));
    return branch && cuda && isa && (tables.branches[*branch] = {*cuda, *isa}, true);
  });
}

Result<void> read_archs(const std::string& file, Tables& tables) {
  const auto document = TRY(read_toml_file(file));
  const auto measured = parse_cuda(text_of(document, "known-to").value_or(""));
  if (!measured) return fail(malformed(file, "known-to"));
  tables.archs_known_to = *measured;
  return for_each(document, "sm", file, [&](const std::string& key, const json& value) {
    const auto arch = small_number(key);
    const auto first = parse_cuda(text_of(value, "first").value_or(""));
    const auto last = text_of(value, "last");
    if (!arch || !first || !last || (!last->empty() && !parse_cuda(*last))) return false;
    tables.archs[*arch] = {*first, parse_cuda(*last).value_or(0)};
    return true;
  });
}

Result<void> read_isas(const std::string& file, Tables& tables) {
  const auto document = TRY(read_toml_file(file));
  return for_each(document, "toolkit", file, [&](const std::string& key, const json& value) {
    const auto cuda = parse_cuda(key);
    const auto isa = value.is_string() ? parse_tenths(value.get_ref<const std::string&>()) : std::nullopt;
    return cuda && isa && (tables.ptx_isa[*cuda] = *isa, true);
  });
}

}  // namespace

std::optional<int> Tables::isa_of_toolkit(int cuda) const {
  const auto found = ptx_isa.find(cuda);
  return found == ptx_isa.end() ? std::nullopt : std::optional(found->second);
}

int Tables::known_isa(int cuda) const {
  int isa = 63;  // CUDA 10: every toolkit that is offered knows it
  for (const auto& [toolkit, value] : ptx_isa)
    if (toolkit <= cuda) isa = value;
  return isa;
}

std::optional<int> Tables::isa_of_driver(int cuda) const {
  for (const auto& [number, branch] : branches)
    if (branch.cuda == cuda) return branch.isa;
  return std::nullopt;
}

std::vector<int> Tables::archs_of(int cuda) const {
  if (const auto read = read_archs.find(cuda); read != read_archs.end()) return read->second.archs;
  std::vector<int> list;
  for (const auto& [arch, range] : archs)
    if (range.first <= cuda && (range.last == 0 || cuda <= range.last)) list.push_back(arch);
  return list;
}

Result<Tables> read_tables(const std::string& folder) {
  Tables tables;
  TRY(read_drivers(fs::join(folder, "drivers.toml"), tables));
  TRY(read_archs(fs::join(folder, "sm.toml"), tables));
  TRY(read_isas(fs::join(folder, "ptx.toml"), tables));
  return tables;
}

std::string cuda_text(int cuda) { return std::to_string(cuda / 1000) + "." + std::to_string(cuda % 1000 / 10); }
std::string isa_text(int isa) { return std::to_string(isa / 10) + "." + std::to_string(isa % 10); }

std::optional<int> parse_cuda(std::string_view text) {
  Version version;
  if (!parse_version(text, version) || version.count > 2 || version.prerelease() || version.major() > 99 ||
      version.minor() > 99)
    return std::nullopt;
  return cuda_number(version);
}

std::optional<int> parse_tenths(std::string_view text) {
  Version version;
  if (!parse_version(text, version) || version.count != 2 || version.prerelease() || version.major() > 99 ||
      version.minor() > 9)
    return std::nullopt;
  return static_cast<int>(version.major() * 10 + version.minor());
}

}  // namespace cudaenv::verify
