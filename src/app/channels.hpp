// The configured channels as catalogues that are joined to the network, the caches and the archives.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "catalog/data.hpp"
#include "catalog/page.hpp"
#include "fetch/index_cache.hpp"
#include "model/config.hpp"
#include "sys/net.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// Where downloads and answers lie below World::paths.cache.
[[nodiscard]] std::string downloads_folder(const World& world);
[[nodiscard]] std::string index_folder(const World& world);

class Channels {
 public:
  /// Loads the manifests and opens every configured channel in order, or only `channel`. A channel whose URL
  /// cannot be told (no pip) is kept as unreachable. Code::config for an unknown channel.
  [[nodiscard]] static Result<std::unique_ptr<Channels>> open(World& world, const std::string& channel);

  struct Entry {
    std::string name;
    ChannelKind kind = ChannelKind::wheels;
    bool allow_http = false;
    std::unique_ptr<Catalog> catalog;  // null: `why` says why
    Error why;
    bool unreachable = false;          // did not answer in this run: not asked again
  };
  [[nodiscard]] std::vector<Entry>& entries() { return entries_; }
  [[nodiscard]] Entry* find(std::string_view name);
  [[nodiscard]] const CatalogData& data() const { return data_; }
  [[nodiscard]] IoModule& io() const { return *io_; }
  /// "index answer of … is from the cache: …", said once each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  explicit Channels(World& world) : world_(world) {}
  [[nodiscard]] std::vector<Result<Page>> get(const std::vector<PageRequest>& requests, bool allow_http);
  [[nodiscard]] std::vector<Result<std::string>> read_metadata(const std::vector<Artifact>& wheels, bool allow_http);
  [[nodiscard]] Result<Page> to_page(Result<fetch::Page> answer);
  [[nodiscard]] Result<void> fetch_metadata(const std::vector<Artifact>& wheels, bool allow_http);
  [[nodiscard]] std::unique_ptr<Catalog> make_catalog(const ChannelConfig& config, const std::string& url);

  World& world_;
  IoModule* io_ = nullptr;
  CatalogData data_;
  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
};

}  // namespace cudaenv::app
