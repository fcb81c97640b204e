#include "store/names.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "model/spec.hpp"
#include "store/installed.hpp"
#include "store/publish.hpp"
#include "store/receipt.hpp"
#include "store/tree_moves.hpp"
#include "store/view.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

// `12.8.1.new.4711`: what a rename that was killed leaves behind (fs::link_atomic).
bool leftover(std::string_view name) {
  const auto at = name.rfind(".new.");
  return name.starts_with('.') || (at != std::string_view::npos && parse_u64(name.substr(at + 5)));
}

Result<void> check_new_name(const Layout& layout, const std::string& name, const std::string& path) {
  VersionSpec spec;
  const char* reason = "";
  const bool valid = parse_spec(name, spec, reason) &&
                     (spec.kind == VersionSpec::Kind::name || spec.kind == VersionSpec::Kind::prefix);
  if (!valid || leftover(name))
    return fail(Code::usage, "cannot link `" + path + "` as `" + printable(name) + "`",
                "a name begins with a letter and has only letters, digits, `.`, `_` and `-`, or is a version");
  if (!fs::exists(layout.name(name))) return {};
  const auto target = TRY(fs::read_link(layout.name(name)));
  return fail(Code::usage, "cannot link `" + path + "` as `" + name + "`",
              target.starts_with('/') ? "that name is linked to `" + target + "`" : "that toolkit is installed",
              target.starts_with('/') ? "cudaenv unlink " + name : "cudaenv link " + path + " my-" + name);
}

Result<void> refuse_own_tree(const Layout& layout, const std::string& tree) {
  const auto root = TRY(fs::real_path(layout.root));
  if (tree != root && !tree.starts_with(root + "/")) return {};
  return fail(Code::usage, "cannot link `" + tree + "`", "it belongs to cudaenv already", "cudaenv list");
}

// Receipt first, name last: a name that is visible has its receipt.
Result<Receipt> publish_link(const Layout& layout, Receipt receipt, const std::string& name) {
  TRY(fs::write_file_atomic(layout.link_receipt(name), format_receipt(receipt)));
  TRY(fs::link_atomic(receipt.path, layout.name(name)));
  receipt.names = {name};
  return receipt;
}

Result<Receipt> link_view(const Layout& layout, const std::string& tree, TreeKind kind,
                          const std::optional<std::string>& asked) {
  const auto staged = TRY(stage_view(layout, tree, kind));
  const auto found = TRY(inspect_tree(staged));
  const auto name = asked.value_or(std::string(to_text(found.version).view()));
  if (auto good = check_new_name(layout, name, tree); !good) {
    (void)fs::remove_tree(staged);
    return fail(std::move(good).error());
  }
  TRY(discard(layout, layout.view(name)));
  TRY(fs::rename(staged, layout.view(name)));
  auto receipt = TRY(inspect_tree(layout.view(name)));
  return publish_link(layout, std::move(receipt), name);
}

}  // namespace

Result<std::vector<std::string>> list_names(const Layout& layout) {
  auto names = TRY(fs::list(layout.names()));
  std::erase_if(names, leftover);
  return names;
}

Result<Receipt> link_toolkit(const Layout& layout, const std::string& path, const std::optional<std::string>& name) {
  const auto tree = TRY_CTX(fs::real_path(path), "cannot link `" + path + "`");
  TRY(refuse_own_tree(layout, tree));
  if (name) TRY(check_new_name(layout, *name, tree));
  if (const auto kind = tree_kind(tree); kind != TreeKind::toolkit) return link_view(layout, tree, kind, name);
  auto receipt = TRY(inspect_tree(tree));
  const auto chosen = name.value_or(std::string(to_text(receipt.version).view()));
  TRY(check_new_name(layout, chosen, tree));
  return publish_link(layout, std::move(receipt), chosen);
}

Result<void> unlink_name(const Layout& layout, const std::string& name) {
  const auto known = TRY(list_names(layout));
  if (std::find(known.begin(), known.end(), name) == known.end())
    return fail(Code::not_installed, "cannot unlink `" + printable(name) + "`", "no toolkit has that name", "cudaenv list");
  const auto target = TRY(fs::read_link(layout.name(name)));
  if (!target.starts_with('/'))
    return fail(Code::usage, "cannot unlink `" + name + "`", "cudaenv installed it", "cudaenv uninstall " + name);
  TRY(fs::remove_file(layout.name(name)));
  TRY(fs::sync_folder(layout.names()));
  TRY(fs::remove_file(layout.link_receipt(name)));
  return discard(layout, layout.view(name));
}

}  // namespace cudaenv::store
