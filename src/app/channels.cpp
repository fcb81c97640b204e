#include "app/channels.hpp"

#include <algorithm>

#include "app/select.hpp"
#include "catalog/redist_catalog.hpp"
#include "catalog/wheel_catalog.hpp"
#include "fetch/download.hpp"
#include "fetch/index_cache.hpp"
#include "sys/fs.hpp"
#include "sys/signals.hpp"

namespace cudaenv::app {

namespace {

std::string digest_of(IoModule& io, std::string_view text) {
  auto hash = io.sha256();
  hash->update(std::as_bytes(std::span(text.data(), text.size())));
  return hash->finish();
}

bool is_local_folder(const std::string& url) { return url.starts_with("file://") && url.ends_with('/'); }

// The METADATA member of a wheel on this disk.
Result<std::string> metadata_member(IoModule& io, const std::string& wheel) {
  auto archive = TRY(io.open_archive(wheel));
  while (auto member = TRY(archive->next())) {
    if (!member->path.ends_with(".dist-info/METADATA")) continue;
    std::string text(std::min<std::uint64_t>(member->size, max_metadata_bytes), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
      const auto n = TRY(archive->read(std::as_writable_bytes(std::span(text).subspan(filled))));
      if (n == 0) break;
      filled += n;
    }
    text.resize(filled);
    return text;
  }
  return fail(Code::integrity, "cannot read `" + wheel + "`", "the wheel has no METADATA");
}

Result<Page> list_folder(const std::string& url) {
  const auto names = TRY(fs::list(url.substr(7)));
  if (names.empty()) return fail(Code::no_such_version, "cannot list `" + url + "`", "the folder is empty or not there");
  return Page{listing_page(names), url, "text/html", ""};
}

}  // namespace

std::string downloads_folder(const World& world) { return world.paths.cache + "/downloads"; }
std::string index_folder(const World& world) { return world.paths.cache + "/index"; }

Result<std::unique_ptr<Channels>> Channels::open(World& world, const std::string& channel) {
  auto channels = std::unique_ptr<Channels>(new Channels(world));
  channels->io_ = TRY(load_io_module(world.paths.libexec));
  channels->data_ = TRY(load_catalog_data(world.paths.share + "/manifests"));
  const auto config = TRY(configuration(world));
  std::vector<std::string> names = config.channels.value;
  if (!channel.empty()) names = {channel};
  for (const auto& name : names) {
    const auto* entry = config.find_channel(name);
    if (entry == nullptr)
      return fail(Code::config, "cannot use channel `" + name + "`", "the configuration has no such channel", "cudaenv config");
    Entry opened{name, entry->kind.value, entry->allow_http.value, nullptr, {}};
    auto url = channel_url(world, *entry);
    if (url) opened.catalog = channels->make_catalog(*entry, *url);
    else opened.why = std::move(url).error();
    channels->entries_.push_back(std::move(opened));
  }
  return channels;
}

Channels::Entry* Channels::find(std::string_view name) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::unique_ptr<Catalog> Channels::make_catalog(const ChannelConfig& config, const std::string& url) {
  const bool allow_http = config.allow_http.value;
  Get get = [this, allow_http](const std::vector<PageRequest>& requests) { return this->get(requests, allow_http); };
  if (config.kind.value == ChannelKind::redist) return make_redist_catalog({config.name, url}, data_, std::move(get));
  ReadMetadata read = [this, allow_http](const std::vector<Artifact>& wheels) { return read_metadata(wheels, allow_http); };
  return make_wheel_catalog({config.name, url, {}}, data_, std::move(get), std::move(read));
}

std::vector<Result<Page>> Channels::get(const std::vector<PageRequest>& requests, bool allow_http) {
  std::vector<Result<Page>> pages(requests.size());
  std::vector<fetch::PageRequest> remote;
  std::vector<std::size_t> place;
  fetch::PageOptions options;
  options.max_bytes = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (is_local_folder(requests[i].url)) {
      pages[i] = list_folder(requests[i].url);
      continue;
    }
    remote.push_back({requests[i].url, requests[i].accept});
    place.push_back(i);
    options.max_bytes = std::max(options.max_bytes, requests[i].max_bytes);
  }
  options.folder = index_folder(world_);
  options.offline = world_.offline;
  options.stale_if_unreachable = true;
  options.allow_http = allow_http;
  options.tries = 3;
  options.now = world_.now();
  options.cancelled = interrupted;
  auto answers = fetch::get_pages(*io_, remote, options);
  for (std::size_t i = 0; i < answers.size(); ++i) pages[place[i]] = to_page(std::move(answers[i]));
  return pages;
}

Result<Page> Channels::to_page(Result<fetch::Page> answer) {
  auto page = TRY(std::move(answer));
  if (!page.note.empty() && std::find(notes_.begin(), notes_.end(), page.note) == notes_.end()) notes_.push_back(page.note);
  auto digest = digest_of(*io_, page.body);
  return Page{std::move(page.body), std::move(page.url), std::move(page.content_type), std::move(digest)};
}

// The METADATA of a wheel is kept under the digest of what it came from, so it never grows old.
std::vector<Result<std::string>> Channels::read_metadata(const std::vector<Artifact>& wheels, bool allow_http) {
  const auto kept = [&](const Artifact& wheel) { return index_folder(world_) + "/metadata-" + wheel.sha256; };
  std::vector<Artifact> missing;
  for (const auto& wheel : wheels)
    if (!fs::exists(kept(wheel))) missing.push_back(wheel);
  const auto fetched = missing.empty() ? Result<void>{} : fetch_metadata(missing, allow_http);
  std::vector<Result<std::string>> texts;
  for (const auto& wheel : wheels) {
    if (!fs::exists(kept(wheel)) && !fetched) texts.push_back(fail(fetched.error()));
    else texts.push_back(fs::read_file(kept(wheel), max_metadata_bytes));
  }
  return texts;
}

Result<void> Channels::fetch_metadata(const std::vector<Artifact>& wheels, bool allow_http) {
  fetch::DownloadOptions options;
  options.folder = downloads_folder(world_);
  options.parallel = 8;
  options.allow_http = allow_http;
  options.offline = world_.offline;
  options.tries = 3;
  options.now = world_.now();
  options.cancelled = interrupted;
  TRY(fs::make_folders(index_folder(world_)));
  for (const auto& file : TRY(fetch::download_all(*io_, wheels, options))) {
    const auto text = TRY(metadata_member(*io_, file.path));
    TRY(fs::write_file_atomic(index_folder(world_) + "/metadata-" + file.artifact.sha256, text));
    TRY(fs::remove_file(file.path));
  }
  return {};
}

}  // namespace cudaenv::app
