#include "store/view.hpp"

#include <set>

#include "store/canonical.hpp"
#include "store/complete.hpp"
#include "store/installed.hpp"
#include "store/publish.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

bool has(const std::string& path, std::string_view name) { return fs::exists(fs::join(path, name)); }

// Folders below site-packages/nvidia that look like components.
Result<std::vector<std::string>> component_folders(const std::string& path) {
  std::vector<std::string> folders;
  for (const auto& name : TRY(fs::list(path))) {
    const auto folder = fs::join(path, name);
    if (has(folder, "lib") || has(folder, "include") || has(folder, "bin")) folders.push_back(name);
  }
  return folders;
}

Result<void> add_links(const std::string& source, const std::string& staged, std::set<std::string>& made) {
  for (const auto& entry : TRY(fs::walk(source))) {
    if (entry.status.type == fs::Type::folder) continue;
    const auto path = canonical_path(ChannelKind::wheels, "linked", "nvidia/x/" + entry.path);
    if (!path || path->starts_with("licenses/") || !made.insert(*path).second) continue;
    const auto full = fs::join(staged, *path);
    TRY(fs::make_folders(fs::parent(full)));
    TRY(fs::make_link(fs::join(source, entry.path), full));
  }
  return {};
}

Result<void> fill(const std::string& staged, const std::vector<std::string>& sources) {
  std::set<std::string> made;
  for (const auto& source : sources) TRY(add_links(source, staged, made));
  const auto receipt = TRY(inspect_tree(staged));
  return complete_tree(staged, receipt.version, this_platform());
}

}  // namespace

TreeKind tree_kind(const std::string& path) {
  if (has(path, "lib64") || has(path, "targets") || has(path, "conda-meta")) return TreeKind::toolkit;
  if (has(path, "lib") || has(path, "include")) return TreeKind::merged;
  for (const std::string_view name : {"cuda_runtime", "cuda_nvrtc", "cu13", "cu14"})
    if (has(path, name)) return TreeKind::components;
  return TreeKind::toolkit;
}

Result<std::string> stage_view(const Layout& layout, const std::string& path, TreeKind kind) {
  std::vector<std::string> sources{path};
  if (kind == TreeKind::components) {
    sources.clear();
    for (const auto& name : TRY(component_folders(path))) sources.push_back(fs::join(path, name));
    if (has(path, "cuda_runtime") && has(path, "cu13"))
      return fail(Code::usage, "cannot link `" + path + "`", "it holds the parts of CUDA 13 and of an older CUDA",
                  "cudaenv link " + path + "/cu13");
  }
  const auto staged = TRY(stage(layout, "view"));
  if (auto filled = fill(staged, sources); !filled) {
    (void)fs::remove_tree(staged);
    return fail(std::move(filled).error());
  }
  TRY(fs::set_mode(staged, 0755));
  return staged;
}

}  // namespace cudaenv::store
