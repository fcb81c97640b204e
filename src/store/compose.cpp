#include <algorithm>
#include <optional>
#include <span>
#include <tuple>

#include "store/complete.hpp"
#include "store/merge.hpp"
#include "store/publish.hpp"
#include "store/receipt.hpp"
#include "store/tree_moves.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

std::string digest(const HashFactory& hash, std::string_view text) {
  const auto sha = hash();
  sha->update(std::as_bytes(std::span(text.data(), text.size())));
  return sha->finish();
}

std::string version_name(const Version& version) { return std::string(to_text(version).view()); }

std::vector<Artifact> in_order(std::vector<Artifact> artifacts) {
  std::sort(artifacts.begin(), artifacts.end(), [](const Artifact& a, const Artifact& b) {
    return std::tie(a.component, a.package, a.sha256) < std::tie(b.component, b.package, b.sha256);
  });
  return artifacts;
}

// A name that a person gave to a toolkit of their own is never taken over.
Result<void> refuse_linked_name(const Layout& layout, const std::string& name) {
  if (!fs::exists(layout.name(name))) return {};
  const auto target = TRY(fs::read_link(layout.name(name)));
  if (!target.starts_with('/')) return {};
  return fail(Code::usage, "cannot install " + name, "that name is linked to `" + target + "`", "cudaenv unlink " + name);
}

std::optional<Receipt> intact(const std::string& tree) {
  auto receipt = read_receipt(tree);
  if (!receipt) return std::nullopt;
  const auto differences = check_tree(*receipt, 1);
  if (!differences || !differences->empty()) return std::nullopt;
  return std::move(*receipt);
}

Result<void> close_folders(const std::string& tree) {
  for (const auto& entry : TRY(fs::walk(tree)))
    if (entry.status.type == fs::Type::folder) TRY(fs::set_mode(fs::join(tree, entry.path), 0555));
  return {};
}

Receipt make_receipt(const std::vector<Artifact>& artifacts, const std::vector<std::string>& witness) {
  Receipt receipt;
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    const auto& artifact = artifacts[i];
    receipt.components.push_back(
        {artifact.component, artifact.package, artifact.version, artifact.sha256, artifact.filename, witness[i]});
  }
  return receipt;
}

class Composer {
 public:
  Composer(const Layout& layout, const std::vector<Artifact>& artifacts, const HashFactory& hash)
      : layout_(layout), artifacts_(in_order(artifacts)), hash_(hash) {}

  // The staged tree, complete and with its receipt, not yet published.
  Result<std::string> build(Receipt& receipt, std::vector<std::string>& notes) {
    const auto plan = TRY(plan_merge(layout_, artifacts_));
    auto made = make_receipt(artifacts_, witnesses(plan, artifacts_.size()));
    receipt.components = std::move(made.components);
    const auto staged = TRY(stage(layout_, "toolkit"));
    if (auto filled = fill(plan, staged, receipt, notes); !filled) {
      (void)fs::remove_tree(staged);
      return fail(std::move(filled).error());
    }
    return staged;
  }

 private:
  Result<void> fill(const MergePlan& plan, const std::string& staged, Receipt& receipt, std::vector<std::string>& notes) {
    if (const auto copied = TRY(merge(plan, staged)); copied != 0)
      notes.push_back("the file system gives no hard links here: " + std::to_string(copied) + " files were copied");
    TRY(complete_tree(staged, receipt.version, this_platform()));
    TRY(close_folders(staged));
    auto listing = TRY(list_tree(staged));
    receipt.bytes = listing.bytes;
    receipt.files = listing.files;
    receipt.tree_sha256 = digest(hash_, listing.text);
    TRY(fs::write_new_file(Layout::listing(staged), listing.text, 0444));
    return fs::write_new_file(Layout::receipt(staged), format_receipt(receipt), 0444);
  }

  const Layout& layout_;
  std::vector<Artifact> artifacts_;
  const HashFactory& hash_;
};

Result<void> point_name(const Layout& layout, const std::string& name, const std::string& id) {
  return fs::link_atomic("../toolkits/" + id, layout.name(name));
}

}  // namespace

std::string toolkit_id(const Version& version, const std::vector<Artifact>& artifacts, const HashFactory& hash) {
  std::vector<std::string> hashes;
  for (const auto& artifact : artifacts) hashes.push_back(artifact.sha256);
  std::sort(hashes.begin(), hashes.end());
  auto text = "layout " + std::string(layout_version) + "\ntoolkit " + version_name(version) + "\n";
  for (const auto& sha256 : hashes) text += sha256 + "\n";
  return digest(hash, text).substr(0, 32);
}

Result<Composed> compose(const Layout& layout, const std::vector<Artifact>& artifacts, const Version& version,
                         const std::string& channel, const HashFactory& hash) {
  const auto name = version_name(version);
  TRY(refuse_linked_name(layout, name));
  Composed out;
  const auto id = toolkit_id(version, artifacts, hash);
  const auto target = layout.toolkit(id);
  if (auto there = intact(target)) {
    out.receipt = std::move(*there);
    out.reused = true;
  } else {
    out.receipt.id = id;
    out.receipt.version = version;
    out.receipt.channel = channel;
    const auto staged = TRY(Composer(layout, artifacts, hash).build(out.receipt, out.notes));
    TRY(fs::sync_file_system(staged));  // the one sync: of this tree and of the components it is made of
    TRY(discard(layout, target));
    if (!TRY(publish_tree(staged, target))) TRY(fs::remove_tree(staged));
    out.receipt.path = target;
  }
  TRY(point_name(layout, name, id));
  out.receipt.names = {name};
  return out;
}

}  // namespace cudaenv::store
