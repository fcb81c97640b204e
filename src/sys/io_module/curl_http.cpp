// Many GETs on one thread, over libcurl's multi interface.
#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <vector>

#include "sys/io_module/curl_transfer.hpp"
#include "sys/io_module/parts.hpp"

namespace cudaenv {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int poll_ms = 100;  // how late a Ctrl-C may be noticed

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

struct Waiting {
  std::size_t index;
  HttpRequest request;
  Clock::time_point not_before;
};

using Done = std::function<std::optional<Http::Again>(std::size_t, Http::Outcome)>;

/// One call of perform().
class Batch {
 public:
  Batch(CURLM* multi, unsigned parallel, const Done& done) : multi_(multi), parallel_(std::max(1U, parallel)), done_(done) {}

  void add(std::size_t index, HttpRequest request) { waiting_.push_back({index, std::move(request), Clock::now()}); }

  void run(const std::function<bool()>& cancelled) {
    while (!waiting_.empty() || !running_.empty()) {
      if (cancelled && cancelled()) return cancel();
      start_ready();
      int still = 0;
      curl_multi_perform(multi_, &still);
      if (collect()) continue;
      curl_multi_poll(multi_, nullptr, 0, wait_ms(), nullptr);
    }
  }

 private:
  void start_ready() {
    const auto now = Clock::now();
    for (auto it = waiting_.begin(); it != waiting_.end() && running_.size() < parallel_;) {
      if (it->not_before > now) {
        ++it;
        continue;
      }
      auto transfer = std::make_unique<CurlTransfer>(it->index, std::move(it->request));
      waiting_.erase(it);
      if (transfer->prepare() && curl_multi_add_handle(multi_, transfer->handle()) == CURLM_OK)
        running_.push_back(std::move(transfer));
      else
        finish(*transfer);
      it = waiting_.begin();  // finish() may have added a retry
    }
  }

  /// True when at least one transfer ended or moved on to a redirect's target.
  bool collect() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      const auto code = message->data.result;
      CURL* handle = message->easy_handle;
      const auto found = std::find_if(running_.begin(), running_.end(), [&](const auto& t) { return t->handle() == handle; });
      curl_multi_remove_handle(multi_, handle);
      if (found == running_.end()) continue;
      if ((*found)->advance(code) && curl_multi_add_handle(multi_, handle) == CURLM_OK) continue;
      const auto transfer = std::move(*found);
      running_.erase(found);
      finish(*transfer);
    }
    return any;
  }

  void finish(CurlTransfer& transfer) {
    if (auto again = done_(transfer.index(), transfer.take_outcome()))
      waiting_.push_back({transfer.index(), std::move(again->request), Clock::now() + std::chrono::milliseconds(again->delay_ms)});
  }

  [[nodiscard]] int wait_ms() const {
    auto wait = std::chrono::milliseconds(poll_ms);
    if (running_.size() < parallel_)
      for (const auto& entry : waiting_)
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(entry.not_before - Clock::now()));
    return static_cast<int>(std::max<std::int64_t>(0, wait.count()));
  }

  void cancel() {
    const auto interrupted = [](const std::string& url) {
      return HttpFailure{make_error(Code::interrupted, "interrupted while fetching `" + redact_url(url) + "`"), false, false};
    };
    for (auto& transfer : running_) {
      curl_multi_remove_handle(multi_, transfer->handle());
      (void)done_(transfer->index(), std::unexpected(interrupted(transfer->url())));
    }
    for (auto& entry : waiting_) (void)done_(entry.index, std::unexpected(interrupted(entry.request.url)));
    running_.clear();
    waiting_.clear();
  }

  CURLM* multi_;
  std::size_t parallel_;
  const Done& done_;
  std::deque<Waiting> waiting_;
  std::vector<std::unique_ptr<CurlTransfer>> running_;
};

class CurlHttp final : public Http {
 public:
  CurlHttp() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_.reset(curl_multi_init());
  }

  void perform(std::vector<HttpRequest> requests, unsigned parallel, const Done& done,
               const std::function<bool()>& cancelled) override {
    if (multi_ == nullptr) {
      for (std::size_t i = 0; i < requests.size(); ++i)
        (void)done(i, std::unexpected(HttpFailure{make_error(Code::network, "cannot start libcurl"), false, false}));
      return;
    }
    Batch batch(multi_.get(), parallel, done);
    for (std::size_t i = 0; i < requests.size(); ++i) batch.add(i, std::move(requests[i]));
    batch.run(cancelled);
  }

 private:
  std::unique_ptr<CURLM, FreeMulti> multi_;  // kept between calls, and with it its open connections
};

}  // namespace

std::unique_ptr<Http> make_http() { return std::make_unique<CurlHttp>(); }

}  // namespace cudaenv
