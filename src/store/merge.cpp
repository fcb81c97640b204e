#include "store/merge.hpp"

#include <set>

#include "base/text.hpp"
#include "store/canonical.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

std::string described(const Artifact& artifact) { return artifact.package + " " + artifact.version; }

// Component names and hashes become parts of paths.
bool plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

Result<bool> same_entry(const MergeEntry& a, const MergeEntry& b) {
  if (a.source.empty() || b.source.empty()) return a.source.empty() && b.source.empty() && a.target == b.target;
  if (a.device == b.device && a.inode == b.inode) return true;
  if (a.size != b.size) return false;
  return fs::same_content(a.source, b.source);
}

class Planner {
 public:
  Planner(const Layout& layout, const std::vector<Artifact>& artifacts) : layout_(layout), artifacts_(artifacts) {}

  Result<MergePlan> run() {
    for (std::size_t i = 0; i < artifacts_.size(); ++i) TRY(add_component(i));
    TRY(refuse_files_that_are_folders());
    TRY(settle_links());
    return std::move(plan_);
  }

 private:
  Result<void> add_component(std::size_t index) {
    const auto& artifact = artifacts_[index];
    if (!parse_sha256(artifact.sha256) || !plain_name(artifact.component))
      return fail(Code::integrity, "cannot compose the toolkit", described(artifact) + " has no proper identity");
    const auto tree = layout_.component(artifact.sha256);
    if (!fs::exists(tree))
      return fail(Code::integrity, "cannot compose the toolkit", described(artifact) + " is not in the store");
    for (auto& entry : TRY(fs::walk(tree))) {
      if (entry.status.type == fs::Type::folder || entry.path == "receipt.files") continue;
      auto path = canonical_path(artifact.kind, artifact.component, entry.path);
      if (!path || *path == "lib") continue;  // an archive's own lib64 -> lib
      MergeEntry merged{index, {}, entry.status.mode, entry.status.size, entry.status.device, entry.status.inode,
                        std::move(entry.target)};
      if (entry.status.type == fs::Type::file) merged.source = fs::join(tree, entry.path);
      TRY(add(std::move(*path), std::move(merged)));
    }
    return {};
  }

  Result<void> add(std::string path, MergeEntry entry) {
    const auto there = plan_.find(path);
    if (there == plan_.end()) {
      plan_.emplace(std::move(path), std::move(entry));
      return {};
    }
    if (TRY(same_entry(there->second, entry))) return {};
    if (path.starts_with("licenses/")) return add(next_number(path), std::move(entry));
    return conflict(path, there->second.artifact, entry.artifact, "bring different files for");
  }

  // LICENSE -> LICENSE.2 -> LICENSE.3
  static std::string next_number(const std::string& path) {
    const auto dot = path.find_last_of("./");
    if (dot != std::string::npos && path[dot] == '.')
      if (const auto number = parse_u64(path.substr(dot + 1))) return path.substr(0, dot + 1) + std::to_string(*number + 1);
    return path + ".2";
  }

  std::unexpected<Error> conflict(std::string_view path, std::size_t a, std::size_t b, std::string_view how) const {
    return fail(Code::integrity, "cannot compose the toolkit",
                described(artifacts_[a]) + " and " + described(artifacts_[b]) + " " + std::string(how) + " `" +
                    printable(path) + "`");
  }

  Result<void> refuse_files_that_are_folders() const {
    for (const auto& [path, entry] : plan_)
      for (auto folder = fs::parent(path); folder != "."; folder = fs::parent(folder))
        if (const auto file = plan_.find(folder); file != plan_.end())
          return conflict(folder, file->second.artifact, entry.artifact, "disagree about the folder");
    return {};
  }

  bool exists(const std::string& path) const {
    if (plan_.contains(path)) return true;
    const auto below = plan_.lower_bound(path + "/");
    return below != plan_.end() && below->first.starts_with(path + "/");
  }

  Result<void> settle_links() {
    for (auto at = plan_.begin(); at != plan_.end();) {
      if (!at->second.source.empty()) {
        ++at;
        continue;
      }
      const auto leads_to = resolve_link(at->first, at->second.target);
      if (!leads_to)
        return fail(Code::integrity, "cannot compose the toolkit",
                    "the link `" + printable(at->first) + "` of " + described(artifacts_[at->second.artifact]) +
                        " leaves the tree");
      at = exists(*leads_to) ? std::next(at) : plan_.erase(at);
    }
    return {};
  }

  const Layout& layout_;
  const std::vector<Artifact>& artifacts_;
  MergePlan plan_;
};

}  // namespace

Result<MergePlan> plan_merge(const Layout& layout, const std::vector<Artifact>& artifacts) {
  return Planner(layout, artifacts).run();
}

Result<std::uint64_t> merge(const MergePlan& plan, const std::string& tree) {
  std::uint64_t copied = 0;
  std::set<std::string> made;
  for (const auto& [path, entry] : plan) {
    const auto full = fs::join(tree, path);
    if (auto folder = fs::parent(full); made.insert(folder).second) TRY(fs::make_folders(folder));
    if (entry.source.empty()) {
      TRY(fs::make_link(entry.target, full));
      continue;
    }
    if (fs::hard_link(entry.source, full)) continue;
    // EXDEV, EMLINK, EPERM, a file system without links: the copy's own error is the one worth showing.
    TRY(fs::copy_file(entry.source, full, entry.mode));
    ++copied;
  }
  return copied;
}

std::vector<std::string> witnesses(const MergePlan& plan, std::size_t artifacts) {
  std::vector<std::string> out(artifacts);
  std::vector<std::uint64_t> size(artifacts);
  for (const auto& [path, entry] : plan) {
    if (entry.source.empty() || (!out[entry.artifact].empty() && entry.size <= size[entry.artifact])) continue;
    out[entry.artifact] = path;
    size[entry.artifact] = entry.size;
  }
  return out;
}

}  // namespace cudaenv::store
