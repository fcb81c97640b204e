#include "store/shims.hpp"

#include <algorithm>

#include "store/names.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::string_view shim_target = "../libexec/cudaenv-shim";
constexpr std::uint64_t shim_max_bytes = 64 << 20;

bool any_toolkit_has(const Layout& layout, const std::vector<std::string>& names, const std::string& tool) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    for (const std::string_view folder : {"bin", "nvvm/bin"}) {
      const auto status = fs::status_of_target(fs::join(fs::join(layout.name(name), folder), tool));
      if (status && status->type == fs::Type::file) return true;
    }
    return false;
  });
}

// Replaced by rename: a shim that runs keeps its old file, and no one ever sees none.
Result<void> refresh_program(const Layout& layout, const std::string& shim_program) {
  const auto path = fs::join(layout.libexec(), "cudaenv-shim");
  const auto there = TRY(fs::status(path));
  if (there.type == fs::Type::file && (there.mode & 0111) != 0 && TRY(fs::same_content(shim_program, path))) return {};
  const auto content = TRY(fs::read_file(shim_program, shim_max_bytes));
  TRY(fs::write_file_atomic(path, content, 0755));
  return fs::set_mode(path, 0755);  // whatever the umask
}

Result<void> refresh_link(const std::string& target, const std::string& path) {
  if (TRY(fs::status(path)).type == fs::Type::link && TRY(fs::read_link(path)) == target) return {};
  return fs::link_atomic(target, path);
}

}  // namespace

Result<ShimChange> refresh_shims(const Layout& layout, const std::vector<std::string>& tools,
                                 const std::string& shim_program, const std::string& manager_program) {
  TRY(fs::make_folders(layout.libexec()));
  TRY(fs::make_folders(layout.shims()));
  TRY(refresh_program(layout, shim_program));
  TRY(refresh_link(manager_program, fs::join(layout.libexec(), "cudaenv")));
  const auto names = TRY(list_names(layout));
  ShimChange change;
  for (const auto& tool : tools) {
    if (tool.empty() || tool.front() == '.' || tool.find('/') != std::string::npos) continue;
    const auto path = fs::join(layout.shims(), tool);
    const bool there = fs::exists(path);
    if (!there && !any_toolkit_has(layout, names, tool)) continue;
    TRY(refresh_link(std::string(shim_target), path));
    (there ? change.kept : change.added).push_back(tool);
  }
  std::sort(change.added.begin(), change.added.end());
  std::sort(change.kept.begin(), change.kept.end());
  return change;
}

}  // namespace cudaenv::store
