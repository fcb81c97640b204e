#include "store/root.hpp"

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint32_t others_may_write = 0002, group_may_write = 0020;

Result<void> make_root_folder(const Layout& layout) {
  const auto status = TRY(fs::status_of_target(layout.root));
  if (status.type == fs::Type::missing) return fs::make_folders(layout.root);
  if (status.type == fs::Type::folder) return {};
  return fail(Code::io, "cannot use `" + layout.root + "` as the root", "it is not a folder",
              "export CUDAENV_ROOT=/a/folder/you/may/write");
}

// A fresh file system entry of ours tells who we are and that we may write, without asking for either.
Result<void> check_owner(const Layout& layout) {
  const auto probe = fs::make_temp_folder(layout.root, ".probe-");
  if (!probe)
    return fail(Error(probe.error()).wrap("cannot write to the root `" + layout.root + "`")
                    .with_hint("export CUDAENV_ROOT=/a/folder/you/may/write"));
  const auto self = TRY(fs::status(*probe)).owner;
  TRY(fs::remove_tree(*probe));
  const auto root = TRY(fs::status_of_target(layout.root));
  const bool open_to_others = (root.mode & others_may_write) != 0;
  const bool foreign = root.owner != self && (root.mode & (others_may_write | group_may_write)) != 0;
  if (!open_to_others && !foreign) return {};
  return fail(Code::io, "cannot use `" + layout.root + "` as the root",
              foreign ? "it belongs to another user and others may write to it" : "any user may write to it",
              foreign ? "export CUDAENV_ROOT=/a/folder/of/your/own" : "chmod o-w " + layout.root);
}

}  // namespace

Result<void> check_layout_version(const Layout& layout) {
  const auto text = fs::read_file(layout.version_file(), 64);
  if (!text) {
    if (!fs::exists(layout.version_file())) return {};
    return fail(text.error());
  }
  const auto found = parse_u64(trim(*text));
  if (found && *found <= *parse_u64(layout_version)) return {};
  return fail(Code::config, "cannot use the root `" + layout.root + "`",
              found ? "its layout is version " + std::to_string(*found) + ", made by a newer cudaenv"
                    : "its layout-version is not a number",
              "export CUDAENV_ROOT=/another/folder");
}

Result<void> open_root(const Layout& layout) {
  TRY(make_root_folder(layout));
  TRY(check_layout_version(layout));
  TRY(check_owner(layout));
  for (const auto& folder : {layout.store(), layout.toolkits(), layout.names(), layout.links(), layout.views(),
                             layout.shims(), layout.libexec(), layout.locks(), layout.tmp()})
    TRY(fs::make_folders(folder));
  if (fs::exists(layout.version_file())) return {};
  return fs::write_file_atomic(layout.version_file(), std::string(layout_version) + "\n");
}

}  // namespace cudaenv::store
