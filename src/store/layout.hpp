// The one map of the disk (DESIGN section 3). Every path below the root is named here and nowhere else.
#pragma once

#include <string>
#include <string_view>

namespace cudaenv::store {

inline constexpr std::string_view layout_version = "1";

struct Layout {
  std::string root;

  [[nodiscard]] std::string version_file() const { return root + "/layout-version"; }
  /// Component trees as they were unpacked, named by their archive's sha256.
  [[nodiscard]] std::string store() const { return root + "/store"; }
  [[nodiscard]] std::string component(std::string_view hash) const { return store() + "/" + std::string(hash); }
  /// Composed toolkits, named by id.
  [[nodiscard]] std::string toolkits() const { return root + "/toolkits"; }
  [[nodiscard]] std::string toolkit(std::string_view id) const { return toolkits() + "/" + std::string(id); }
  /// One symbolic link per name a person may ask for: relative to a toolkit of ours, absolute to a linked one.
  [[nodiscard]] std::string names() const { return root + "/names"; }
  [[nodiscard]] std::string name(std::string_view name) const { return names() + "/" + std::string(name); }
  /// Receipts of linked toolkits, `<name>.toml`.
  [[nodiscard]] std::string links() const { return root + "/links"; }
  [[nodiscard]] std::string link_receipt(std::string_view name) const {
    return links() + "/" + std::string(name) + ".toml";
  }
  /// Folders of symbolic links that give a linked per-component wheel tree the shape of a toolkit.
  [[nodiscard]] std::string views() const { return root + "/views"; }
  [[nodiscard]] std::string view(std::string_view name) const { return views() + "/" + std::string(name); }
  [[nodiscard]] std::string shims() const { return root + "/shims"; }
  [[nodiscard]] std::string libexec() const { return root + "/libexec"; }
  [[nodiscard]] std::string tmp() const { return root + "/tmp"; }

  /// Locks, in the order in which they must be taken.
  [[nodiscard]] std::string locks() const { return root + "/locks"; }
  [[nodiscard]] std::string lock(std::string_view what) const { return locks() + "/" + std::string(what); }
  /// Shared for the whole of an install (its components have no receipt yet); exclusive for uninstall and prune.
  [[nodiscard]] std::string store_lock() const { return lock("store"); }
  /// Exclusive from before an archive is fetched until it is committed. Look again after taking it.
  [[nodiscard]] std::string archive_lock(std::string_view sha256) const {
    return lock("archive-" + std::string(sha256));
  }
  /// Exclusive while a toolkit is composed and while names/, links/ and shims/ change.
  [[nodiscard]] std::string install_lock() const { return lock("install"); }

  [[nodiscard]] static std::string receipt(std::string_view tree) { return std::string(tree) + "/receipt.toml"; }
  /// The listing that `tree_sha256` is the digest of.
  [[nodiscard]] static std::string listing(std::string_view tree) { return std::string(tree) + "/receipt.files"; }
};

}  // namespace cudaenv::store
