#include "store/remove.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "store/names.hpp"
#include "store/receipt.hpp"
#include "store/tree_moves.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t maps_max_bytes = 256 << 20;

std::string program_of(const std::string& process) {
  if (auto exe = fs::read_link(fs::join(process, "exe"))) return *exe;
  const auto name = fs::read_file(fs::join(process, "comm"), 256);
  return name ? std::string(trim(*name)) : "unknown";
}

// Whole: every file counts. Otherwise only files that no other name keeps alive.
std::uint64_t size_of(const std::string& tree, bool whole) {
  const auto entries = fs::walk(tree);
  if (!entries) return fs::status(tree).value_or(fs::Status{}).size;
  std::uint64_t bytes = 0;
  for (const auto& entry : *entries)
    if (entry.status.type == fs::Type::file && (whole || entry.status.links <= 1)) bytes += entry.status.size;
  return bytes;
}

// The toolkit ids that names/ points to.
Result<std::set<std::string>> named_toolkits(const Layout& layout) {
  std::set<std::string> ids;
  for (const auto& name : TRY(list_names(layout)))
    if (const auto target = fs::read_link(layout.name(name)); target && !target->starts_with('/'))
      ids.insert(fs::base_name(*target));
  return ids;
}

// Components in the store that no toolkit but those in `leaving` uses. While a staying toolkit's receipt cannot be
// read, nobody knows what it uses, and nothing is unused.
Result<std::vector<std::string>> unused_components(const Layout& layout, const std::set<std::string>& leaving) {
  std::set<std::string> used;
  for (const auto& id : TRY(fs::list(layout.toolkits()))) {
    if (leaving.contains(id)) continue;
    const auto receipt = read_receipt(layout.toolkit(id));
    if (!receipt) return std::vector<std::string>{};
    for (const auto& component : receipt->components) used.insert(component.sha256);
  }
  auto components = TRY(fs::list(layout.store()));
  std::erase_if(components, [&](const std::string& hash) { return used.contains(hash); });
  return components;
}

std::string shown_component(const std::string& hash) { return "component " + hash.substr(0, 12); }

Result<void> remove_names(const Layout& layout, const Receipt& receipt) {
  for (const auto& name : TRY(list_names(layout)))
    if (const auto target = fs::read_link(layout.name(name)); target && *target == "../toolkits/" + receipt.id)
      TRY(fs::remove_file(layout.name(name)));
  return fs::sync_folder(layout.names());
}

class Pruner {
 public:
  Pruner(const Layout& layout, const PruneOptions& options) : layout_(layout), options_(options) {}

  Result<std::vector<Removal>> run() {
    const auto leaving = TRY(unnamed_toolkits());
    for (const auto& id : leaving)
      TRY(take({Removal::What::toolkit, layout_.toolkit(id), shown_toolkit(id), size_of(layout_.toolkit(id), false)}));
    for (const auto& hash : TRY(unused_components(layout_, leaving)))
      TRY(take({Removal::What::component, layout_.component(hash), shown_component(hash),
                size_of(layout_.component(hash), true)}));
    TRY(sweep(layout_.tmp(), Removal::What::leftover));
    TRY(sweep_names());
    if (options_.downloads) TRY(sweep(fs::join(options_.cache, "downloads"), Removal::What::download));
    return std::move(removals_);
  }

 private:
  Result<std::set<std::string>> unnamed_toolkits() const {
    const auto named = TRY(named_toolkits(layout_));
    std::set<std::string> ids;
    for (const auto& id : TRY(fs::list(layout_.toolkits())))
      if (!named.contains(id) && users_of(layout_.toolkit(id), options_.proc).empty()) ids.insert(id);
    return ids;
  }

  std::string shown_toolkit(const std::string& id) const {
    const auto receipt = read_receipt(layout_.toolkit(id));
    return receipt ? "toolkit " + std::string(to_text(receipt->version).view()) + " (replaced)" : "toolkit " + id;
  }

  Result<void> take(Removal removal) {
    if (!options_.dry_run) {
      const bool published = removal.what == Removal::What::toolkit || removal.what == Removal::What::component;
      TRY(published ? discard(layout_, removal.path) : fs::remove_tree(removal.path));
    }
    removals_.push_back(std::move(removal));
    return {};
  }

  Result<void> sweep(const std::string& folder, Removal::What what) {
    for (const auto& name : TRY(fs::list(folder))) {
      const auto path = fs::join(folder, name);
      TRY(take({what, path, name, size_of(path, true)}));
    }
    return {};
  }

  // Views and receipts of links, and half-made names, that an interrupted command left.
  Result<void> sweep_names() {
    const auto known = TRY(list_names(layout_));
    const auto unknown = [&](const std::string& name) {
      return std::find(known.begin(), known.end(), name) == known.end();
    };
    for (const auto& name : TRY(fs::list(layout_.names())))
      if (unknown(name)) TRY(take({Removal::What::leftover, layout_.name(name), name, 0}));
    for (const auto& name : TRY(fs::list(layout_.views())))
      if (unknown(name)) TRY(take({Removal::What::leftover, layout_.view(name), name, 0}));
    for (const auto& file : TRY(fs::list(layout_.links())))
      if (!file.ends_with(".toml") || unknown(file.substr(0, file.size() - 5)))
        TRY(take({Removal::What::leftover, fs::join(layout_.links(), file), file, 0}));
    return {};
  }

  const Layout& layout_;
  const PruneOptions& options_;
  std::vector<Removal> removals_;
};

}  // namespace

std::vector<User> users_of(const std::string& tree, const std::string& proc) {
  const auto real = fs::real_path(tree);
  const auto processes = fs::list(proc);
  if (!real || !processes) return {};
  std::vector<User> users;
  for (const auto& name : *processes) {
    const auto pid = parse_u64(name);
    if (!pid) continue;
    const auto process = fs::join(proc, name);
    const auto maps = fs::read_file(fs::join(process, "maps"), maps_max_bytes);
    if (maps && maps->find(" " + *real + "/") != std::string::npos)
      users.push_back({static_cast<int>(*pid), program_of(process)});
  }
  return users;
}

Result<std::vector<Removal>> uninstall(const Layout& layout, const Receipt& receipt, bool force, const std::string& proc) {
  const auto version = std::string(to_text(receipt.version).view());
  if (receipt.linked)
    return fail(Code::usage, "cannot uninstall " + version, "`" + receipt.path + "` was linked, not installed",
                "cudaenv unlink " + (receipt.names.empty() ? version : receipt.names.front()));
  const auto tree = layout.toolkit(receipt.id);
  if (const auto users = users_of(tree, proc); !force && !users.empty())
    return fail(Code::locked, "cannot uninstall " + version,
                "process " + std::to_string(users.front().pid) + " (" + printable(users.front().program) + ") uses it" +
                    (users.size() > 1 ? ", and " + std::to_string(users.size() - 1) + " more do" : ""),
                "cudaenv uninstall --force " + version);
  std::vector<Removal> removals{{Removal::What::toolkit, tree, version, size_of(tree, false)}};
  for (const auto& hash : TRY(unused_components(layout, {receipt.id})))
    removals.push_back({Removal::What::component, layout.component(hash), shown_component(hash),
                        size_of(layout.component(hash), true)});
  TRY(remove_names(layout, receipt));
  for (const auto& removal : removals) TRY(discard(layout, removal.path));
  return removals;
}

Result<std::vector<Removal>> prune(const Layout& layout, const PruneOptions& options) {
  return Pruner(layout, options).run();
}

Result<void> sweep_staging(const Layout& layout) {
  for (const auto& name : TRY(fs::list(layout.tmp()))) TRY(fs::remove_tree(fs::join(layout.tmp(), name)));
  return {};
}

}  // namespace cudaenv::store
