// Tools of toolkits: `which` and `whence`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/select.hpp"

namespace cudaenv::app {

/// The real path of tool `name` in a tree (bin/, then nvvm/bin/), if it is there and may be run.
[[nodiscard]] std::optional<std::string> find_tool(const std::string& tree, std::string_view name);

struct ToolPlace {
  Receipt toolkit;
  std::string path;
};
/// Every installed toolkit that has the tool, newest first.
[[nodiscard]] Result<std::vector<ToolPlace>> toolkits_with(const World& world, std::string_view name);

/// The tool in the selected toolkit. Code::not_found (127) that says which toolkits have it.
[[nodiscard]] Result<ToolPlace> tool_of(const World& world, const Selected& selected, std::string_view name);

/// For completion: the entries of names/, and every tool of every toolkit, sorted, once each.
[[nodiscard]] Result<std::vector<std::string>> installed_names(const World& world);
[[nodiscard]] std::vector<std::string> tool_names(const World& world);

}  // namespace cudaenv::app
