#include "fetch/index_cache.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "base/text.hpp"
#include "fetch/http_fields.hpp"
#include "fetch/retry.hpp"
#include "sys/fs.hpp"
#include "sys/url.hpp"

namespace cudaenv::fetch {

namespace {

constexpr std::uint64_t max_header_bytes = 64 * 1024;

/// A cached answer: one file, its first line JSON, then the body as it came.
struct Cached {
  std::string etag, last_modified;
  Page page;
};

std::optional<Cached> parse_cached(const std::string& text) {
  const auto end = text.find('\n');
  if (end == std::string::npos) return std::nullopt;
  const auto json = nlohmann::json::parse(text.substr(0, end), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto field = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  // The length notices a file that lost its end.
  if (!json.contains("bytes") || json["bytes"] != text.size() - end - 1) return std::nullopt;
  return Cached{field("etag"), field("last_modified"), Page{text.substr(end + 1), field("content_type"), field("url"), false, {}}};
}

std::string print_cached(const Cached& cached) {
  const nlohmann::json json{{"etag", cached.etag},
                            {"last_modified", cached.last_modified},
                            {"content_type", cached.page.content_type},
                            {"url", cached.page.url},
                            {"bytes", cached.page.body.size()}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n" + cached.page.body;
}

std::string value_of(const std::map<std::string, std::string>& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

/// One page on its way: the cached copy, the request, and what the answer means.
class PageJob {
 public:
  PageJob(IoModule& io, const PageRequest& request, const PageOptions& options)
      : request_(&request), options_(&options) {
    const auto hash = io.sha256();
    const auto key = request.url + "\n" + request.accept;
    hash->update(std::as_bytes(std::span(key)));
    path_ = fs::join(options.folder, hash->finish());
    if (is_file()) return;
    if (auto text = fs::read_file(path_, options.max_bytes + max_header_bytes)) cached_ = parse_cached(*text);
  }

  /// The answer that needs no network, if there is one.
  bool settle_without_network() {
    if (!options_->offline || is_file()) return false;
    if (cached_) result_ = std::move(cached_->page);
    else result_ = fail(failure(Code::network, "CUDAENV_OFFLINE is set and there is no cached copy").with_hint("unset CUDAENV_OFFLINE"));
    return true;
  }

  HttpRequest request() {
    body_.clear();
    HttpRequest request;
    request.url = request_->url;
    if (!request_->accept.empty()) request.headers.push_back("Accept: " + request_->accept);
    if (cached_ && !cached_->etag.empty()) request.headers.push_back("If-None-Match: " + cached_->etag);
    else if (cached_ && !cached_->last_modified.empty()) request.headers.push_back("If-Modified-Since: " + cached_->last_modified);
    request.allow_http = options_->allow_http;
    request.max_bytes = options_->max_bytes;
    request.connect_seconds = options_->connect_seconds;
    request.stall_seconds = options_->stall_seconds;
    request.on_headers = [this](int status, const auto&) { return status == 200 || (status == 0 && is_file()); };
    request.on_body = [this](std::span<const std::byte> bytes) {
      body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return true;
    };
    return request;
  }

  /// The delay before request() is to be run again, or nullopt: result() is there.
  std::optional<std::uint64_t> take(Http::Outcome outcome, double random) {
    if (outcome) return take_response(*outcome, random);
    auto& bad = outcome.error();
    if (bad.retryable) return try_again(std::move(bad.error), std::nullopt, random);
    return settle(std::move(bad.error), bad.error.code != Code::interrupted);
  }

  Result<Page> result() && { return std::move(*result_); }

 private:
  using Delay = std::optional<std::uint64_t>;

  Delay take_response(const HttpResponse& response, double random) {
    const int status = response.status;
    if (status == 304 && cached_) {
      result_ = std::move(cached_->page);
      return std::nullopt;
    }
    if (status == 200 || (status == 0 && is_file())) return take_page(response);
    if (status == 404 || status == 410) return settle(failure(Code::no_such_version, "the index does not have it"), false);
    auto error = failure(Code::network, "the server answers with status " + std::to_string(status));
    if (is_retryable_status(status))
      return try_again(std::move(error), parse_retry_after(value_of(response.headers, "retry-after"), options_->now), random);
    return settle(std::move(error), status >= 500);
  }

  Delay take_page(const HttpResponse& response) {
    // None was asked for, so the body would be read as something it is not.
    const auto encoding = lower(value_of(response.headers, "content-encoding"));
    if (!encoding.empty() && encoding != "identity")
      return settle(failure(Code::network, "it comes in content encoding `" + printable(encoding, 40) + "`, which was not asked for"), true);
    Cached fresh{value_of(response.headers, "etag"), value_of(response.headers, "last-modified"),
                 Page{std::move(body_), value_of(response.headers, "content-type"), response.final_url, false, {}}};
    // A cache that cannot be written (read-only, full) only costs the next call its short cut.
    if (!is_file()) (void)fs::write_file_atomic(path_, print_cached(fresh));
    result_ = std::move(fresh.page);
    return std::nullopt;
  }

  Delay try_again(Error error, std::optional<std::uint64_t> retry_after_s, double random) {
    ++failures_;
    const auto delay = retry_delay(failures_ - 1, options_->base_delay_ms, retry_after_s, random);
    if (failures_ < options_->tries && delay) return delay;
    return settle(std::move(error), true);
  }

  Delay settle(Error error, bool stale_may_do) {
    if (stale_may_do && cached_ && options_->stale_if_unreachable) {
      cached_->page.stale = true;
      cached_->page.note = error.what + (error.causes.empty() ? "" : ": " + error.causes.front()) + "; the cached copy is used";
      result_ = std::move(cached_->page);
    } else {
      result_ = fail(std::move(error));
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_file() const { return url_origin(request_->url).scheme == "file"; }
  [[nodiscard]] Error failure(Code code, std::string cause) const {
    return make_error(code, "cannot fetch `" + redact_url(request_->url) + "`", std::move(cause));
  }

  const PageRequest* request_;
  const PageOptions* options_;
  std::string path_;
  std::optional<Cached> cached_;
  std::string body_;
  unsigned failures_ = 0;
  std::optional<Result<Page>> result_;
};

}  // namespace

std::vector<Result<Page>> get_pages(IoModule& io, const std::vector<PageRequest>& requests, const PageOptions& options) {
  (void)fs::make_folders(options.folder);  // without it nothing is cached, and that is all
  std::vector<PageJob> jobs;
  jobs.reserve(requests.size());
  for (const auto& request : requests) jobs.emplace_back(io, request, options);
  std::vector<PageJob*> open;
  std::vector<HttpRequest> first;
  for (auto& job : jobs) {
    if (job.settle_without_network()) continue;
    open.push_back(&job);
    first.push_back(job.request());
  }
  std::mt19937_64 random(std::random_device{}());
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const auto done = [&](std::size_t i, Http::Outcome outcome) -> std::optional<Http::Again> {
    const auto delay = open[i]->take(std::move(outcome), uniform(random));
    if (!delay) return std::nullopt;
    return Http::Again{open[i]->request(), *delay};
  };
  if (!first.empty()) io.http().perform(std::move(first), options.parallel, done, options.cancelled);
  std::vector<Result<Page>> results;
  for (auto& job : jobs) results.push_back(std::move(job).result());
  return results;
}

Result<Page> get_page(IoModule& io, const PageRequest& request, const PageOptions& options) {
  return std::move(get_pages(io, {request}, options).front());
}

}  // namespace cudaenv::fetch
