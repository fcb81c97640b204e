// forward_compat.toml and gpus.toml as values.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sys/fs.hpp"
#include "sys/toml_file.hpp"
#include "verify/compat.hpp"
#include "verify/facts_tables.hpp"

namespace cudaenv::verify {

namespace {

using nlohmann::json;

Error malformed(const std::string& file, const std::string& where) {
  return make_error(Code::config, "cannot read `" + file + "`", "`" + where + "` is not as manifests/README.md says");
}

std::optional<CompatTables::Cell> read_cell(const json& entry) {
  if (!entry.is_object()) return std::nullopt;
  const auto works = entry.find("works"), same = entry.find("same");
  if (works == entry.end() || !works->is_array()) return std::nullopt;
  CompatTables::Cell cell;
  for (const auto& branch : *works) {
    if (!branch.is_number_integer()) return std::nullopt;
    cell.works.push_back(branch.get<int>());
  }
  if (same != entry.end() && !same->is_number_integer()) return std::nullopt;
  if (same != entry.end()) cell.same = same->get<int>();
  return cell;
}

Result<void> read_packages(const std::string& file, CompatTables& tables) {
  const auto document = TRY(read_toml_file(file));
  const auto packages = document.find("package"), files = document.find("file");
  if (packages == document.end() || !packages->is_object()) return fail(malformed(file, "package"));
  for (const auto& [key, value] : packages->items()) {
    const auto cuda = parse_cuda(key);
    const auto cell = read_cell(value);
    if (!cuda || !cell) return fail(malformed(file, "package." + key));
    tables.packages[*cuda] = *cell;
  }
  if (files == document.end() || !files->is_array()) return fail(malformed(file, "file"));
  for (const auto& entry : *files) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) return fail(malformed(file, "file"));
    tables.files.push_back(entry["name"].get<std::string>());
  }
  return {};
}

Result<void> read_gpus(const std::string& file, CompatTables& tables) {
  const auto document = TRY(read_toml_file(file));
  const auto gpus = document.find("gpu");
  if (gpus == document.end() || !gpus->is_array()) return fail(malformed(file, "gpu"));
  for (const auto& entry : *gpus) {
    if (!entry.is_object() || !entry.contains("names") || !entry["names"].is_array()) return fail(malformed(file, "gpu"));
    const auto found = entry.find("data-centre");
    const bool data_centre = found != entry.end() && *found == json(true);
    for (const auto& name : entry["names"])
      if (name.is_string()) tables.gpus.push_back({name.get<std::string>(), data_centre});
  }
  std::stable_sort(tables.gpus.begin(), tables.gpus.end(), [](const auto& a, const auto& b) { return a.name.size() > b.name.size(); });
  return {};
}

}  // namespace

Result<CompatTables> read_compat_tables(const std::string& folder) {
  CompatTables tables;
  TRY(read_packages(fs::join(folder, "forward_compat.toml"), tables));
  TRY(read_gpus(fs::join(folder, "gpus.toml"), tables));
  return tables;
}

}  // namespace cudaenv::verify
