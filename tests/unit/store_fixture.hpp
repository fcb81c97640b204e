// A root in a temporary folder, miniature archives of both channels, and a hash that needs no module.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "store/publish.hpp"
#include "sys/fs.hpp"
#include "unit/catch.hpp"

namespace cudaenv::store {

template <class T>
T value(Result<T> result) {
  if (!result) {
    std::string all = result.error().what;
    for (const auto& cause : result.error().causes) all += ": " + cause;
    FAIL(all);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Stands in for SHA-256 where only equality matters.
class TestHash : public Sha256 {
 public:
  void update(std::span<const std::byte> bytes) override {
    for (const auto byte : bytes) h_ = (h_ ^ static_cast<unsigned>(byte)) * 1099511628211ULL;
  }
  std::string finish() override {
    std::string out;
    for (int i = 0; i < 16; ++i, h_ = h_ * 6364136223846793005ULL + 1)
      for (int k = 0; k < 4; ++k) out += "0123456789abcdef"[h_ >> (40 + 4 * k) & 15];
    return out;
  }

 private:
  std::uint64_t h_ = 14695981039346656037ULL;
};
inline HashFactory test_hash() {
  return [] { return std::make_unique<TestHash>(); };
}

using Files = std::map<std::string, std::string>;  // path -> content; "-> target" makes a link

class TestRoot {
 public:
  TestRoot() : folder_(value(fs::make_temp_folder("/tmp", "cudaenv-store-test-"))), layout{folder_ + "/root"} {
    value(open_root(layout));
  }
  ~TestRoot() { (void)fs::remove_tree(folder_); }
  TestRoot(const TestRoot&) = delete;
  TestRoot& operator=(const TestRoot&) = delete;

  const std::string& folder() const { return folder_; }

  void write(const std::string& tree, const Files& files) const {
    for (const auto& [path, content] : files) {
      const auto full = fs::join(tree, path);
      value(fs::make_folders(fs::parent(full)));
      if (content.starts_with("-> "))
        value(fs::make_link(content.substr(3), full));
      else
        value(fs::write_new_file(full, content, 0744));
    }
  }

  std::string staged(const Files& files) const {
    auto tree = value(stage(layout, "test"));
    write(tree, files);
    return tree;
  }

  /// An artifact whose identity follows from its names and content, committed to the store.
  Artifact add(ChannelKind kind, const std::string& component, const std::string& version, const Files& files) const {
    auto made = artifact(kind, component, version, files);
    value(commit_component(layout, staged(files), made));
    return made;
  }

  static Artifact artifact(ChannelKind kind, const std::string& component, const std::string& version,
                           const Files& files) {
    TestHash hash;
    const auto feed = [&](const std::string& text) { hash.update(std::as_bytes(std::span(text.data(), text.size()))); };
    feed(component + version + (kind == ChannelKind::wheels ? "w" : "r"));
    for (const auto& [path, content] : files) feed(path), feed(content);
    Artifact out;
    out.component = component;
    out.package = "nvidia-" + component;
    out.version = version;
    out.filename = out.package + "-" + version + ".whl";
    out.sha256 = hash.finish();
    out.kind = kind;
    return out;
  }

 private:
  std::string folder_;

 public:
  Layout layout;
};

inline Version version_of(std::string_view text) {
  Version version;
  REQUIRE(parse_version(text, version));
  return version;
}

}  // namespace cudaenv::store
