#include "catalog/data.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sys/toml_file.hpp"

namespace cudaenv {

namespace {

using nlohmann::json;

std::unexpected<Error> refused(const std::string& file, const std::string& cause) {
  return fail(Code::config, "cannot read the manifest `" + file + "`", cause);
}

std::string text(const json& table, const char* key) {
  const auto found = table.find(key);
  return found != table.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const json& table, const char* key) {
  const auto found = table.find(key);
  return found != table.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> texts(const json& table, const char* key) {
  std::vector<std::string> out;
  const auto found = table.find(key);
  if (found == table.end() || !found->is_array()) return out;
  for (const auto& value : *found)
    if (value.is_string()) out.push_back(value.get<std::string>());
  return out;
}

// The table `key` of a file; every one of its values must be a table.
Result<json> tables_of(const json& root, const char* key, const std::string& file) {
  const auto found = root.find(key);
  if (found == root.end() || !found->is_object()) return refused(file, std::string("it has no table `") + key + "`");
  for (const auto& [name, value] : found->items())
    if (!value.is_object()) return refused(file, "`" + name + "` is not a table");
  return *found;
}

Result<void> read_components(const std::string& folder, CatalogData& out) {
  const std::string file = folder + "/components.toml";
  const json root = TRY(read_toml_file(file));
  const json tables = TRY(tables_of(root, "component", file));
  for (const auto& [name, table] : tables.items()) {
    ComponentFact fact;
    fact.name = name;
    fact.title = text(table, "title");
    fact.wheel = text(table, "wheel");
    fact.redist = texts(table, "redist");
    fact.companion = flag(table, "companion");
    fact.product = text(table, "product");
    fact.needs = texts(table, "needs");
    fact.only_by_name = flag(table, "only-by-name");
    fact.inside = text(table, "inside");
    if (!fact.inside.empty() && !parse_version(text(table, "inside-before"), fact.inside_before))
      return refused(file, "`" + name + "` has `inside` without a version `inside-before`");
    out.components.push_back(std::move(fact));
  }
  for (const auto& fact : out.components)
    for (const auto& other : fact.needs)
      if (!out.component(other)) return refused(file, "`" + fact.name + "` needs `" + other + "`, which has no table");
  return {};
}

Result<void> read_profiles(const std::string& folder, CatalogData& out) {
  const std::string file = folder + "/profiles.toml";
  const json root = TRY(read_toml_file(file));
  const json tables = TRY(tables_of(root, "profile", file));
  for (const auto& [name, table] : tables.items()) {
    auto components = texts(table, "components");
    if (components.empty() && !flag(table, "everything")) return refused(file, "profile `" + name + "` is empty");
    for (const auto& component : components)
      if (!out.component(component)) return refused(file, "profile `" + name + "` names the unknown `" + component + "`");
    out.profiles.emplace(name, std::move(components));
  }
  return {};
}

Result<void> read_toolkits(const std::string& folder, CatalogData& out) {
  const std::string file = folder + "/toolkits.toml";
  const json root = TRY(read_toml_file(file));
  const json tables = TRY(tables_of(root, "toolkit", file));
  for (const auto& [name, table] : tables.items()) {
    ToolkitFact fact;
    if (!parse_version(name, fact.version)) return refused(file, "`" + name + "` is no version");
    fact.date = text(table, "date");
    fact.driver = text(table, "driver");
    fact.bundled = text(table, "bundled");
    fact.nvcc = text(table, "nvcc");
    fact.cudart = text(table, "cudart");
    fact.manifest_sha256 = text(table, "manifest_sha256");
    fact.redist = flag(table, "redist");
    out.toolkits.push_back(std::move(fact));
  }
  std::ranges::sort(out.toolkits, [](const auto& a, const auto& b) { return a.version < b.version; });
  return {};
}

Result<void> read_channels(const std::string& folder, CatalogData& out) {
  const std::string file = folder + "/channels.toml";
  const json root = TRY(read_toml_file(file));
  const auto list = root.find("channel");
  if (list == root.end() || !list->is_array()) return refused(file, "it has no list `channel`");
  for (const auto& table : *list) {
    if (!table.is_object()) return refused(file, "a channel is not a table");
    BuiltInChannel channel{text(table, "name"), ChannelKind::redist, text(table, "url")};
    const auto kind = text(table, "kind");
    if (kind != "redist" && kind != "wheels") return refused(file, "channel `" + channel.name + "` has no known kind");
    if (kind == "wheels") channel.kind = ChannelKind::wheels;
    out.channels.push_back(std::move(channel));
  }
  return {};
}

}  // namespace

const ComponentFact* CatalogData::component(std::string_view name) const {
  const auto found = std::ranges::lower_bound(components, name, {}, &ComponentFact::name);
  return found != components.end() && found->name == name ? &*found : nullptr;
}

const ComponentFact* CatalogData::by_wheel(std::string_view package) const {
  const auto found = std::ranges::find(components, package, &ComponentFact::wheel);
  return found != components.end() && !package.empty() ? &*found : nullptr;
}

const ComponentFact* CatalogData::by_redist(std::string_view package) const {
  const auto found = std::ranges::find_if(
      components, [&](const auto& fact) { return std::ranges::find(fact.redist, package) != fact.redist.end(); });
  return found != components.end() ? &*found : nullptr;
}

const ToolkitFact* CatalogData::toolkit(const Version& version) const {
  const auto found = std::ranges::find_if(toolkits, [&](const auto& fact) { return fact.version == version; });
  return found != toolkits.end() ? &*found : nullptr;
}

Result<CatalogData> load_catalog_data(const std::string& folder) {
  CatalogData out;
  TRY(read_components(folder, out));
  TRY(read_profiles(folder, out));
  TRY(read_toolkits(folder, out));
  TRY(read_channels(folder, out));
  return out;
}

}  // namespace cudaenv
