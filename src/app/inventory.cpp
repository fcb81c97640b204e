#include "app/inventory.hpp"

#include <algorithm>

#include "app/channels.hpp"
#include "app/materialize.hpp"
#include "app/select.hpp"
#include "base/text.hpp"
#include "store/installed.hpp"
#include "store/names.hpp"
#include "store/publish.hpp"
#include "store/remove.hpp"
#include "sys/fs.hpp"
#include "sys/lock.hpp"

namespace cudaenv::app {

namespace {

store::Layout layout_of(const World& world) { return {world.paths.root}; }

std::vector<Freed> to_freed(const std::vector<store::Removal>& removals) {
  std::vector<Freed> freed;
  for (const auto& one : removals) freed.push_back({one.shown, one.path, one.bytes});
  return freed;
}

// Exclusive over everything: no install runs beside a removal.
struct RemovalLocks {
  FileLock store, install;
};
Result<RemovalLocks> take_removal_locks(const store::Layout& layout) {
  auto store_lock = TRY(FileLock::take(layout.store_lock(), FileLock::Mode::exclusive));
  auto install_lock = TRY(FileLock::take(layout.install_lock(), FileLock::Mode::exclusive));
  return RemovalLocks{std::move(store_lock), std::move(install_lock)};
}

Result<Receipt> find_for_removal(const store::Installed& installed, const std::string& text) {
  for (const auto& receipt : installed.toolkits)
    if (receipt.id == text && !receipt.linked) return receipt;
  VersionSpec spec;
  const char* reason = nullptr;
  if (!parse_spec(text, spec, reason))
    return fail(Code::usage, "cannot understand `" + printable(text) + "`", reason, "cudaenv list");
  if (spec.kind == VersionSpec::Kind::system)
    return fail(Code::usage, "cannot uninstall `system`", "cudaenv did not install what is under /usr/local");
  if (auto receipt = store::choose(spec, installed)) return *receipt;
  // Nothing ever chooses a damaged toolkit, but its own name still removes it.
  for (const auto& damaged : installed.damaged) {
    if (damaged.name != text) continue;
    Receipt receipt;
    receipt.version = spec.version;
    receipt.id = fs::base_name(damaged.path);
    receipt.path = damaged.path;
    receipt.names = {damaged.name};
    return receipt;
  }
  return fail(Code::not_installed, "cannot uninstall `" + text + "`", "no such toolkit is installed", "cudaenv list");
}

}  // namespace

Result<Inventory> inventory(const World& world) {
  auto installed = TRY(store::read_installed(layout_of(world)));
  Inventory result{std::move(installed.toolkits), {}, {}, {}};
  for (auto& one : installed.damaged) result.damaged.push_back({one.name, one.path, one.reason});
  // Nobody choosing, or a choice that is not installed, only means that none is marked.
  const auto selected = select(world);
  if (selected) {
    result.active_id = selected->toolkit.id;
    if (!selected->toolkit.names.empty()) result.active_name = selected->toolkit.names.front();
  }
  return result;
}

Result<Offers> offers(World& world, bool candidates) {
  auto channels = TRY(Channels::open(world, ""));
  Offers result;
  const auto unreachable = [&](const std::string& name, const Error& error) {
    result.unreachable.push_back({name, error.causes.empty() ? error.what : error.what + ": " + join(error.causes, ": ")});
  };
  for (auto& entry : channels->entries()) {
    if (!entry.catalog) {
      unreachable(entry.name, entry.why);
      continue;
    }
    auto versions = entry.catalog->versions();
    if (!versions) {
      unreachable(entry.name, versions.error());
      continue;
    }
    if (!candidates) std::erase_if(*versions, [](const Version& version) { return version.prerelease(); });
    for (auto& release : entry.catalog->releases(*versions)) {
      if (release) result.releases.push_back(std::move(*release));
      else if (release.error().code != Code::no_such_version) return fail(std::move(release).error());
    }
  }
  std::stable_sort(result.releases.begin(), result.releases.end(),
                   [](const Release& a, const Release& b) { return b.version < a.version; });
  if (result.releases.empty() && !result.unreachable.empty())
    return fail(Code::network, "cannot reach any channel", result.unreachable.front().channel + ": " + result.unreachable.front().reason,
                "cudaenv config");
  return result;
}

Result<std::vector<Freed>> uninstall(World& world, const std::vector<std::string>& specs, bool force) {
  const auto layout = layout_of(world);
  // Before any lock: an unknown version must not create a root.
  auto installed = TRY(store::read_installed(layout));
  for (const auto& text : specs) TRY(find_for_removal(installed, text));
  TRY(store::open_root(layout));
  const auto locks = TRY(take_removal_locks(layout));
  std::vector<Freed> freed;
  for (const auto& text : specs) {
    installed = TRY(store::read_installed(layout));
    const auto receipt = TRY(find_for_removal(installed, text));
    for (auto& one : to_freed(TRY(store::uninstall(layout, receipt, force)))) freed.push_back(std::move(one));
  }
  return freed;
}

Result<std::vector<Freed>> prune(World& world, bool dry_run) {
  const auto layout = layout_of(world);
  if (!fs::exists(layout.root)) return std::vector<Freed>{};
  TRY(store::open_root(layout));
  const auto locks = TRY(take_removal_locks(layout));
  store::PruneOptions options;
  options.dry_run = dry_run;
  options.downloads = true;
  options.cache = world.paths.cache;
  return to_freed(TRY(store::prune(layout, options)));
}

Result<std::vector<Freed>> clean_cache(World& world) {
  std::vector<Freed> freed;
  for (const auto& name : TRY(fs::list(world.paths.cache))) {
    const auto path = fs::join(world.paths.cache, name);
    std::uint64_t bytes = 0;
    const auto status = TRY(fs::status(path));
    if (status.type == fs::Type::folder)
      for (const auto& entry : TRY(fs::walk(path))) bytes += entry.status.type == fs::Type::file ? entry.status.size : 0;
    else bytes = status.size;
    TRY(fs::remove_tree(path));
    freed.push_back({name, path, bytes});
  }
  return freed;
}

Result<Receipt> link(World& world, const std::string& path, const std::string& name) {
  const auto layout = layout_of(world);
  const auto absolute = path.starts_with('/') ? path : fs::join(world.cwd, path);
  TRY(store::open_root(layout));
  auto lock = TRY(FileLock::take(layout.install_lock(), FileLock::Mode::exclusive));
  auto receipt = TRY(store::link_toolkit(layout, absolute, name.empty() ? std::nullopt : std::optional(name)));
  TRY(put_shims(world));
  return receipt;
}

Result<void> unlink(World& world, const std::string& name) {
  const auto layout = layout_of(world);
  TRY(store::open_root(layout));
  auto lock = TRY(FileLock::take(layout.install_lock(), FileLock::Mode::exclusive));
  return store::unlink_name(layout, name);
}

Result<std::vector<LicenseText>> licenses(const World& world) {
  std::vector<LicenseText> texts;
  const auto installed = TRY(store::read_installed(layout_of(world)));
  for (const auto& receipt : installed.toolkits) {
    const auto folder = fs::join(receipt.path, "licenses");
    for (const auto& component : TRY(fs::list(folder)))
      for (const auto& file : TRY(fs::list(fs::join(folder, component))))
        texts.push_back({std::string(to_text(receipt.version).view()), component, fs::join(fs::join(folder, component), file)});
  }
  return texts;
}

}  // namespace cudaenv::app
