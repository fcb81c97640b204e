#include "fetch/download.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "base/text.hpp"
#include "fetch/job.hpp"
#include "sys/fs.hpp"

namespace cudaenv::fetch {

namespace {

constexpr std::chrono::milliseconds busy_poll{100};
constexpr std::uint64_t spare_bytes = 16U << 20;  // left free beside the downloads

class Downloads {
 public:
  Downloads(IoModule& io, const std::vector<Artifact>& artifacts, const DownloadOptions& options)
      : io_(io), options_(options), random_(std::random_device{}()) {
    jobs_.reserve(artifacts.size());
    for (std::size_t i = 0; i < artifacts.size(); ++i) jobs_.emplace_back(io, artifacts[i], i, options);
  }

  Result<std::vector<Downloaded>> run() {
    TRY(fs::make_folders(options_.folder));
    std::vector<Job*> open;
    for (auto& job : jobs_) open.push_back(&job);
    // What others hold is looked at again once our own transfers are through and their locks are free: two
    // processes can then not wait for each other.
    for (bool waited = false; !open.empty(); waited = true) {
      auto [ready, busy] = TRY(start(open, waited));
      TRY(check_space(ready));
      TRY(transfer(ready));
      open = std::move(busy);
      if (ready.empty() && !open.empty()) TRY(pause());
    }
    return results();
  }

 private:
  using Jobs = std::vector<Job*>;

  Result<std::pair<Jobs, Jobs>> start(const Jobs& open, bool waited) {
    Jobs ready, busy;
    for (auto* job : open) {
      const auto state = TRY(job->start());
      if (state == Job::Start::ready) ready.push_back(job);
      if (state == Job::Start::busy) busy.push_back(job);
      if (state == Job::Start::busy && !waited) job->report(Progress::State::waiting, job->who_has_it() + " downloads it");
      if (is_cancelled()) return fail(Code::interrupted, "interrupted while looking into the download cache");
    }
    return std::pair(std::move(ready), std::move(busy));
  }

  Result<void> check_space(const Jobs& ready) const {
    std::uint64_t needed = 0;
    for (const auto* job : ready) needed += job->missing_bytes();
    if (needed == 0) return {};
    const auto available = TRY(fs::free_bytes(options_.folder));
    if (available >= needed + spare_bytes) return {};
    return fail(Code::io, "cannot download " + human_bytes(needed) + " to `" + options_.folder + "`",
                "only " + human_bytes(available) + " are free there", "cudaenv prune");
  }

  Result<void> transfer(const Jobs& ready) {
    std::vector<HttpRequest> requests;
    for (auto* job : ready) requests.push_back(job->request());
    std::optional<Error> first;
    const auto done = [&](std::size_t i, Http::Outcome outcome) -> std::optional<Http::Again> {
      auto& job = *ready[i];
      const auto delay = job.take(std::move(outcome), uniform_(random_));
      if (delay && !first) return Http::Again{job.request(), *delay};
      if (job.error() && !first) first = job.error();
      return std::nullopt;
    };
    io_.http().perform(std::move(requests), options_.parallel, done, [&] { return first.has_value() || is_cancelled(); });
    if (first) return fail(std::move(*first));
    return {};
  }

  [[nodiscard]] Result<void> pause() const {
    std::this_thread::sleep_for(busy_poll);
    if (is_cancelled()) return fail(Code::interrupted, "interrupted while another cudaenv downloads");
    return {};
  }

  [[nodiscard]] bool is_cancelled() const { return options_.cancelled && options_.cancelled(); }

  [[nodiscard]] std::vector<Downloaded> results() const {
    std::vector<Downloaded> all;
    for (const auto& job : jobs_) all.push_back(*job.result());
    return all;
  }

  IoModule& io_;
  const DownloadOptions& options_;
  std::vector<Job> jobs_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{0.0, 1.0};
};

}  // namespace

Result<std::vector<Downloaded>> download_all(IoModule& io, const std::vector<Artifact>& artifacts,
                                             const DownloadOptions& options) {
  return Downloads(io, artifacts, options).run();
}

}  // namespace cudaenv::fetch
