// What the i/o module (cudaenv-io.so) offers: HTTP over libcurl, archives over libarchive, SHA-256 over
// OpenSSL. The manager loads it on first use, so that `list` or `current` never pay for those
// libraries' start (DESIGN section 1). Tests put their own implementations behind these interfaces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv {

/// One GET. Redirects: at most five, to https only (http to a loopback address may lead to one), never to
/// file:, never with credentials to another scheme, host or port. TLS 1.2 or newer, always verified.
struct HttpRequest {
  std::string url;                               // https, file, or http where allowed
  std::vector<std::string> headers;              // "Accept: …"
  std::uint64_t resume_from = 0;                 // > 0: Range: bytes=N-
  std::string if_range;                          // ETag or date for a resume
  bool allow_http = false;                       // plain http to a host that is not loopback
  std::uint64_t max_bytes = 0;                   // body bytes after which the transfer is cut; 0: no limit
  unsigned connect_seconds = 15;                 // until the connection, TLS included, stands
  unsigned stall_seconds = 30;                   // this long below 1 KiB/s ends the transfer
  /// Called once with the last response's status and headers (lower-case names; the body may be empty).
  /// False: the body is not wanted; the transfer ends there with that response as its outcome.
  std::function<bool(int status, const std::map<std::string, std::string>& headers)> on_headers;
  /// Body bytes in order; false stops the transfer, which fails with Code::io.
  std::function<bool(std::span<const std::byte>)> on_body;
};

struct HttpResponse {
  int status = 0;                                // 200, 206, 304, 404, …; 0 for file:
  std::map<std::string, std::string> headers;    // of the last response, lower-case names
  std::uint64_t body_bytes = 0;
  std::string final_url;
};

/// The outcome of a transfer that got no complete response. Its error is Code::network (Code::interrupted
/// when cancelled) and names the redacted URL. `retryable`: time-outs, resets, cut bodies, names that do
/// not resolve; not: certificates, refused redirects, malformed URLs.
struct HttpFailure {
  Error error;
  bool retryable = false;
  bool too_long = false;                         // max_bytes was reached
};

class Http {
 public:
  virtual ~Http() = default;
  using Outcome = std::expected<HttpResponse, HttpFailure>;
  /// Runs all requests, at most `parallel` at once, and calls `done(index, outcome)` on this thread as
  /// each ends; `done` may return a new request to run in its place (a retry), after `delay_ms`. When
  /// `cancelled` says true, what still runs ends with Code::interrupted and is not run again.
  struct Again {
    HttpRequest request;
    std::uint64_t delay_ms = 0;
  };
  virtual void perform(std::vector<HttpRequest> requests, unsigned parallel,
                       const std::function<std::optional<Again>(std::size_t, Outcome)>& done,
                       const std::function<bool()>& cancelled) = 0;
};

class Sha256 {
 public:
  virtual ~Sha256() = default;
  virtual void update(std::span<const std::byte> bytes) = 0;
  /// 64 lower-case hex digits; the object is spent.
  [[nodiscard]] virtual std::string finish() = 0;
};

/// One member of an archive while it is read.
struct ArchiveMember {
  enum class Type : std::uint8_t { file, folder, symlink, hardlink, other } type = Type::other;
  std::string path;      // as the archive says: not yet guarded
  std::string target;    // of a link
  std::uint32_t mode = 0;  // permission bits as stored
  std::uint64_t size = 0;
  bool sparse = false;     // holes that the archive does not carry
};

class ArchiveReader {
 public:
  virtual ~ArchiveReader() = default;
  /// The next member, nullopt at a clean end; a truncated or damaged archive is an integrity error.
  [[nodiscard]] virtual Result<std::optional<ArchiveMember>> next() = 0;
  /// Data of the member just returned, up to the size of the span; 0 at its end.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
};

class IoModule {
 public:
  virtual ~IoModule() = default;
  [[nodiscard]] virtual Http& http() = 0;
  [[nodiscard]] virtual std::unique_ptr<Sha256> sha256() = 0;
  /// Opens a .whl (zip) or .tar.xz/.tar.gz/.tar.zst by what its first bytes say; other formats are refused.
  [[nodiscard]] virtual Result<std::unique_ptr<ArchiveReader>> open_archive(const std::string& path) = 0;
};

/// What program and module must agree on, since they share the types above: version, compiler, standard library.
[[nodiscard]] constexpr const char* io_module_build() {
#define CUDAENV_TEXT_(x) #x
#define CUDAENV_TEXT(x) CUDAENV_TEXT_(x)
  return CUDAENV_VERSION " " __VERSION__ " " CUDAENV_TEXT(_GLIBCXX_RELEASE) " " CUDAENV_TEXT(_GLIBCXX_USE_CXX11_ABI);
#undef CUDAENV_TEXT
#undef CUDAENV_TEXT_
}

/// Loads cudaenv-io.so from the folder `libexec` once and returns it. An error names the library that is
/// missing and the package that has it, or says that module and program are of different builds.
[[nodiscard]] Result<IoModule*> load_io_module(const std::string& libexec);

}  // namespace cudaenv
