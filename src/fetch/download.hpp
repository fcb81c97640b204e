// Artifact -> verified bytes in the download cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"
#include "sys/net.hpp"

namespace cudaenv::fetch {

/// What happens to one artifact, told as it happens.
struct Progress {
  enum class State : std::uint8_t { moving, waiting, retrying, finished } state = State::moving;
  std::size_t index = 0;      // into the artifacts given
  std::uint64_t done = 0;     // bytes on the disk, a resumed part included
  std::uint64_t total = 0;    // 0: not known
  std::string note;           // waiting: who holds it; retrying: why and when; else empty
};

struct DownloadOptions {
  std::string folder;                  // the cache: <sha256> files, and <sha256>.part while they grow
  unsigned parallel = 4;               // transfers at once
  unsigned tries = 5;                  // per artifact, counted anew whenever 1 MiB more than ever before is here
  std::uint64_t base_delay_ms = 500;   // of the exponential backoff; tests shorten it
  unsigned connect_seconds = 15;
  unsigned stall_seconds = 30;
  bool allow_http = false;             // the channel's own setting
  bool offline = false;                // take what is in the cache, name what is not
  std::int64_t now = 0;                // seconds since 1970, for Retry-After dates
  /// Asked when the cache lacks an artifact, also after a wait for the process that fetched it: true when it is
  /// installed by now. Downloaded::path is then empty.
  std::function<bool(const Artifact&)> not_needed;
  std::function<void(const Progress&)> progress;
  std::function<bool()> cancelled;     // true after Ctrl-C: parts stay, Code::interrupted
};

struct Downloaded {
  Artifact artifact;
  std::string path;                    // in the cache; its bytes had this artifact's sha256. Empty: not needed
  std::uint64_t size = 0;
  std::uint64_t transferred = 0;       // bytes that came over the network in this call
};

/// Fetches each artifact that the cache lacks and verifies it; the result is in the order given. Two
/// processes that want the same artifact fetch it once. The first failure ends the call; what came so far
/// stays as parts and is resumed by the next call.
/// Errors: network (unreachable, refused, gave up), integrity (other bytes or length than promised),
/// io (disk), interrupted. Each names the URL without its secrets.
[[nodiscard]] Result<std::vector<Downloaded>> download_all(IoModule& io, const std::vector<Artifact>& artifacts,
                                                           const DownloadOptions& options);

}  // namespace cudaenv::fetch
