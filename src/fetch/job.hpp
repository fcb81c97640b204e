// One artifact on its way into the cache: what to ask for next, and what each answer means.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fetch/download.hpp"
#include "fetch/part.hpp"

namespace cudaenv::fetch {

class Job {
 public:
  Job(IoModule& io, const Artifact& artifact, std::size_t index, const DownloadOptions& options)
      : io_(&io), artifact_(&artifact), index_(index), options_(&options) {}

  enum class Start { ready, cached, busy };
  /// Looks into the cache and takes the part. `cached`: result() is there; `busy`: another process fetches it.
  [[nodiscard]] Result<Start> start();
  /// "another cudaenv (process 1234)". Only after `busy`.
  [[nodiscard]] std::string who_has_it() const;
  /// Bytes still to come where the size is known, else 0. Only after `ready`.
  [[nodiscard]] std::uint64_t missing_bytes() const;
  /// The next request. Its callbacks refer to this job.
  [[nodiscard]] HttpRequest request();
  /// Takes the outcome of request(): done (result() or error()), or the delay before the next request().
  [[nodiscard]] std::optional<std::uint64_t> take(Http::Outcome outcome, double random);

  [[nodiscard]] const std::optional<Downloaded>& result() const { return result_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::size_t index() const { return index_; }
  void report(Progress::State state, std::string note = {}) const;

 private:
  using Delay = std::optional<std::uint64_t>;
  bool on_headers(int status, const std::map<std::string, std::string>& headers);
  bool begin_body(const std::map<std::string, std::string>& headers);
  bool begin_rest(const std::map<std::string, std::string>& headers);
  bool on_body(std::span<const std::byte> bytes);
  [[nodiscard]] Delay finish_body(double random);
  [[nodiscard]] Delay after_status(const HttpResponse& response, double random);
  [[nodiscard]] Delay after_416(double random);
  [[nodiscard]] Delay try_again(Error why, std::optional<std::uint64_t> retry_after_s, double random);
  [[nodiscard]] Delay wrong_bytes(std::string cause);
  [[nodiscard]] Delay give_up(Error error);
  [[nodiscard]] Result<bool> is_settled(const std::string& path);
  [[nodiscard]] Result<bool> take_cached(const std::string& path);
  [[nodiscard]] Result<bool> finish_whole();
  void take_result();
  [[nodiscard]] bool start_over();
  [[nodiscard]] Error failure(Code code, std::string cause) const;
  [[nodiscard]] bool is_file() const;

  IoModule* io_;
  const Artifact* artifact_;
  std::size_t index_;
  const DownloadOptions* options_;
  std::unique_ptr<Part> part_;
  std::optional<Downloaded> result_;
  std::optional<Error> error_;

  std::uint64_t asked_from_ = 0;       // first byte of the running request
  std::uint64_t farthest_ = 0;         // size of the part when tries were last counted anew
  std::uint64_t transferred_ = 0;      // that all tries brought
  unsigned failures_ = 0;              // since we came much farther
  bool mismatched_ = false;            // wrong bytes once already
  enum class Trouble { none, too_short, too_long, wrong_range, disk } trouble_ = Trouble::none;
  std::string trouble_cause_;
  std::optional<Error> disk_error_;
};

}  // namespace cudaenv::fetch
