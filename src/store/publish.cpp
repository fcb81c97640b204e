#include "store/publish.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "store/canonical.hpp"
#include "store/receipt.hpp"
#include "store/tree_moves.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint32_t mode_program = 0555, mode_file = 0444, mode_folder = 0555, mode_staged_folder = 0755;

Result<std::uint32_t> mode_of(const std::string& path, std::string_view canonical) {
  if (!may_be_program(canonical)) return mode_file;
  return is_program(canonical, TRY(fs::read_at(path, 0, 1024))) ? mode_program : mode_file;
}

// Gives every entry the mode it keeps; entries no archive of a toolkit has are refused.
Result<void> settle_modes(const std::string& staged, const Artifact& artifact) {
  for (const auto& entry : TRY(fs::walk(staged))) {
    const auto path = fs::join(staged, entry.path);
    auto mode = mode_folder;
    switch (entry.status.type) {
      case fs::Type::link: continue;
      case fs::Type::folder: break;
      case fs::Type::file:
        mode = TRY(mode_of(path, canonical_path(artifact.kind, artifact.component, entry.path).value_or(entry.path)));
        break;
      default:
        return fail(Code::integrity, "cannot install `" + artifact.filename + "`",
                    "`" + printable(entry.path) + "` is neither a file, a folder nor a link");
    }
    if (entry.status.mode != mode) TRY(fs::set_mode(path, mode));
  }
  return {};
}

bool whole(const std::string& tree) {
  const auto differences = check_listing(tree, 1);
  return differences && differences->empty();
}

}  // namespace

Result<std::string> stage(const Layout& layout, std::string_view what) {
  return fs::make_temp_folder(layout.tmp(), std::string(what) + "-");
}

bool has_component(const Layout& layout, const Artifact& artifact) {
  return parse_sha256(artifact.sha256) && whole(layout.component(artifact.sha256));
}

Result<void> discard(const Layout& layout, const std::string& tree) {
  if (!fs::exists(tree)) return {};
  const auto grave = TRY(stage(layout, "discarded"));
  TRY(fs::set_mode(tree, mode_staged_folder));
  TRY(fs::rename(tree, fs::join(grave, "tree")));
  return fs::remove_tree(grave);
}

Result<bool> publish_tree(const std::string& staged, const std::string& target) {
  if (!TRY(fs::rename_noreplace(staged, target))) return false;
  // Only now: a folder that may not be written to cannot be moved to another parent.
  TRY(fs::set_mode(target, mode_folder));
  TRY(fs::sync_folder(fs::parent(target)));
  return true;
}

Result<std::string> commit_component(const Layout& layout, const std::string& staged, const Artifact& artifact) {
  const auto hash = parse_sha256(artifact.sha256);
  if (!hash) return fail(Code::integrity, "cannot install `" + artifact.filename + "`", "its sha256 is not known");
  const auto target = layout.component(*hash);
  if (whole(target)) {
    TRY(fs::remove_tree(staged));
    return *hash;
  }
  TRY(settle_modes(staged, artifact));
  TRY(fs::remove_file(Layout::listing(staged)));
  const auto listing = TRY(list_tree(staged));
  TRY(fs::write_new_file(Layout::listing(staged), listing.text, mode_file));
  TRY(discard(layout, target));
  if (!TRY(publish_tree(staged, target))) TRY(fs::remove_tree(staged));
  return *hash;
}

}  // namespace cudaenv::store
