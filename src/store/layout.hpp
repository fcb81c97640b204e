// The one map of the disk (DESIGN section 3). Every path below the root is named here and nowhere else.
#pragma once

#include <string>
#include <string_view>

namespace cudaenv::store {

inline constexpr std::string_view layout_version = "1";

struct Layout {
  std::string root;

  [[nodiscard]] std::string version_file() const { return root + "/layout-version"; }
  [[nodiscard]] std::string store() const { return root + "/store"; }
  [[nodiscard]] std::string component(std::string_view hash) const { return store() + "/" + std::string(hash); }
  [[nodiscard]] std::string toolkits() const { return root + "/toolkits"; }
  [[nodiscard]] std::string toolkit(std::string_view id) const { return toolkits() + "/" + std::string(id); }
  [[nodiscard]] std::string names() const { return root + "/names"; }
  [[nodiscard]] std::string name(std::string_view name) const { return names() + "/" + std::string(name); }
  [[nodiscard]] std::string shims() const { return root + "/shims"; }
  [[nodiscard]] std::string locks() const { return root + "/locks"; }
  [[nodiscard]] std::string lock(std::string_view what) const { return locks() + "/" + std::string(what); }
  [[nodiscard]] std::string tmp() const { return root + "/tmp"; }
  [[nodiscard]] static std::string receipt(std::string_view tree) { return std::string(tree) + "/receipt.toml"; }
};

}  // namespace cudaenv::store
