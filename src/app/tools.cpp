#include "app/tools.hpp"

#include <fmt/format.h>

#include <set>

#include "base/text.hpp"
#include "store/installed.hpp"
#include "store/layout.hpp"
#include "store/names.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

std::optional<std::string> find_tool(const std::string& tree, std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name == "." || name == "..") return std::nullopt;
  for (const char* folder : {"bin", "nvvm/bin"}) {
    const auto path = fs::join(fs::join(tree, folder), name);
    const auto status = fs::status_of_target(path);
    if (status && status->type == fs::Type::file && (status->mode & 0111U) != 0) return path;
  }
  return std::nullopt;
}

Result<std::vector<ToolPlace>> toolkits_with(const World& world, std::string_view name) {
  std::vector<ToolPlace> places;
  auto installed = TRY(store::read_installed({world.paths.root}));
  for (auto& toolkit : installed.toolkits)
    if (auto path = find_tool(toolkit.path, name)) places.push_back({std::move(toolkit), std::move(*path)});
  return places;
}

Result<ToolPlace> tool_of(const World& world, const Selected& selected, std::string_view name) {
  if (auto path = find_tool(selected.toolkit.path, name)) return ToolPlace{selected.toolkit, std::move(*path)};
  const auto own = name_of(selected.toolkit);
  std::vector<std::string> others;
  for (const auto& place : TRY(toolkits_with(world, name))) others.push_back(name_of(place.toolkit));
  const auto what = fmt::format("toolkit `{}` has no `{}` (set by {})", own, printable(name), describe(selected.selection.origin));
  if (others.empty())
    return fail(Code::not_found, what, "no installed toolkit has it", fmt::format("cudaenv install {} --profile compile", own));
  return fail(Code::not_found, what, "installed toolkits that have it: " + join(others, ", "),
              fmt::format("cudaenv run +{} {}", others.front(), printable(name)));
}

Result<std::vector<std::string>> installed_names(const World& world) {
  return store::list_names({world.paths.root});
}

std::vector<std::string> tool_names(const World& world) {
  std::set<std::string> names;
  const auto installed = store::read_installed({world.paths.root});
  if (!installed) return {};
  for (const auto& toolkit : installed->toolkits)
    if (const auto tools = fs::list(toolkit.path + "/bin"))
      for (const auto& tool : *tools)
        if (find_tool(toolkit.path, tool)) names.insert(tool);
  return {names.begin(), names.end()};
}

}  // namespace cudaenv::app
