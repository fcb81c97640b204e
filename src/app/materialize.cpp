#include "app/materialize.hpp"

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "app/select.hpp"
#include "base/text.hpp"
#include "fetch/download.hpp"
#include "store/canonical.hpp"
#include "store/publish.hpp"
#include "store/receipt.hpp"
#include "store/remove.hpp"
#include "store/shims.hpp"
#include "sys/fs.hpp"
#include "sys/lock.hpp"
#include "sys/signals.hpp"
#include "sys/toml_file.hpp"
#include "unpack/unpack.hpp"

namespace cudaenv::app {

namespace {

Result<std::vector<fetch::Downloaded>> fetch_all(World& world, Channels& channels, const Plan& plan, InstallObserver& observer) {
  if (plan.fetch.empty()) return std::vector<fetch::Downloaded>{};
  fetch::DownloadOptions options;
  options.folder = downloads_folder(world);
  options.offline = world.offline;
  options.now = world.now();
  options.cancelled = interrupted;
  // Another process may fetch, store and tidy up an archive between two looks of ours.
  options.not_needed = [layout = store::Layout{world.paths.root}](const Artifact& artifact) { return store::has_component(layout, artifact); };
  for (const auto& entry : channels.entries())
    if (entry.name == plan.resolution.channel) options.allow_http = entry.allow_http;
  options.progress = [&](const fetch::Progress& progress) {
    if (progress.state == fetch::Progress::State::waiting || progress.state == fetch::Progress::State::retrying)
      observer.note(plan.fetch[progress.index].component + ": " + progress.note);
    else observer.downloaded(progress.index, progress.done);
  };
  observer.begin_downloads(plan.fetch);
  auto files = fetch::download_all(channels.io(), plan.fetch, options);
  observer.end_downloads();
  return files;
}

// One archive from the cache to store/<sha256>. The archive's lock is held, and the store looked at again under
// it: a second process finds the work done.
Result<void> store_one(const store::Layout& layout, IoModule& io, const fetch::Downloaded& file) {
  auto lock = TRY(FileLock::take(layout.archive_lock(file.artifact.sha256), FileLock::Mode::exclusive));
  if (!store::has_component(layout, file.artifact)) {
    const auto staged = TRY(store::stage(layout, file.artifact.component));
    unpack::UnpackOptions options;
    options.cancelled = interrupted;
    // A whole driver is a gigabyte, of which a compat folder needs a tenth.
    if (file.artifact.component == "compat")
      options.wanted = [&](std::string_view path) { return store::canonical_path(file.artifact.kind, "compat", path).has_value(); };
    auto tree = unpack::unpack(io, file.path, staged, options);
    if (!tree) {
      (void)fs::remove_tree(staged);
      return fail(std::move(tree).error().wrap("cannot unpack `" + file.artifact.filename + "`"));
    }
    TRY(store::commit_component(layout, staged, file.artifact));
  }
  return fs::remove_file(file.path);
}

// Largest first over a few workers; the first error stops the others between archives.
Result<void> store_all(const World& world, const store::Layout& layout, IoModule& io, const std::vector<fetch::Downloaded>& files) {
  std::atomic<std::size_t> next{0};
  std::mutex guard;
  std::optional<Error> first;
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      auto done = store_one(layout, io, files[i]);
      if (done) continue;
      const std::scoped_lock hold(guard);
      if (!first) first = std::move(done).error();
      next = files.size();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min<std::size_t>(std::min(world.cores, 8U), files.size()); ++i) workers.emplace_back(work);
    work();
  }
  if (first) return fail(std::move(*first));
  return {};
}

// What killed processes left in tmp/. Whoever stages there holds one of the two locks, so with both nobody does.
Result<void> sweep_if_alone(const store::Layout& layout) {
  const auto stored = TRY(FileLock::try_take(layout.store_lock(), FileLock::Mode::exclusive));
  if (!stored) return {};
  const auto installing = TRY(FileLock::try_take(layout.install_lock(), FileLock::Mode::exclusive));
  return installing ? store::sweep_staging(layout) : Result<void>{};
}

}  // namespace

Result<Materialized> materialize(World& world, Channels& channels, const Plan& plan, InstallObserver& observer) {
  const store::Layout layout{world.paths.root};
  const auto hash = [&] { return channels.io().sha256(); };
  TRY(store::open_root(layout));
  TRY(sweep_if_alone(layout));
  auto shared = TRY(FileLock::take(layout.store_lock(), FileLock::Mode::shared,
                                   [&](int) { observer.note("waiting for another cudaenv that removes toolkits"); }));
  const auto files = TRY(fetch_all(world, channels, plan, observer));
  if (!files.empty()) observer.note("unpacking " + std::to_string(files.size()) + " archives");
  TRY(store_all(world, layout, channels.io(), files));
  auto lock = TRY(FileLock::take(layout.install_lock(), FileLock::Mode::exclusive,
                                 [&](int holder) { observer.note("waiting for " + holder_text(holder) + " that installs"); }));
  auto composed = TRY(store::compose(layout, plan.resolution.artifacts, plan.resolution.version, plan.resolution.channel, hash));
  TRY(put_shims(world));
  return Materialized{std::move(composed.receipt), composed.reused && files.empty(), std::move(composed.notes)};
}

Result<void> put_shims(const World& world) {
  const auto table = TRY(read_toml_file(world.paths.share + "/tools.toml"));
  std::vector<std::string> tools;
  if (!table.contains("tools") || !table["tools"].is_object())
    return fail(Code::internal, "cannot read `" + world.paths.share + "/tools.toml`", "it has no table [tools]");
  for (const auto& [name, component] : table["tools"].items()) tools.push_back(name);
  const store::Layout layout{world.paths.root};
  TRY(store::refresh_shims(layout, tools, world.paths.libexec + "/cudaenv-shim", world.paths.program));
  return {};
}

}  // namespace cudaenv::app
