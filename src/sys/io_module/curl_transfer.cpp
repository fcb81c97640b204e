#include "sys/io_module/curl_transfer.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "base/text.hpp"
#include "sys/io_module/curl_url.hpp"

namespace cudaenv {

namespace {

constexpr unsigned max_redirects = 5;
constexpr std::size_t max_header_bytes = 256 * 1024;
constexpr std::uint64_t max_redirect_body = 64 * 1024;  // read so that the connection can be used again
constexpr long min_bytes_per_second = 1024;
constexpr long receive_buffer = 512 * 1024;

HttpFailure network_failure(const std::string& url, std::string cause, bool retryable, std::string hint = {}) {
  HttpFailure failure;
  failure.error = make_error(Code::network, "cannot fetch `" + redact_url(url) + "`", std::move(cause), std::move(hint));
  failure.retryable = retryable;
  return failure;
}

/// Whether the same request may well succeed in a moment.
bool is_transient(CURLcode code, CURL* handle, std::string_view message) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    case CURLE_SSL_CONNECT_ERROR: {
      // A handshake that was cut, and not one that was refused.
      long number = 0;
      curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
      return number == ECONNRESET || number == EPIPE || message.find("SSL_ERROR_SYSCALL") != std::string_view::npos;
    }
    default: return false;
  }
}

bool is_certificate_error(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

}  // namespace

bool CurlTransfer::prepare() {
  if (auto allowed = check_url(request_.url, request_.allow_http); !allowed) {
    outcome_ = std::unexpected(HttpFailure{std::move(allowed).error(), false, false});
    return false;
  }
  if (url_origin(request_.url).scheme == "file" && !prepare_file()) return false;
  handle_.reset(curl_easy_init());
  if (handle_ == nullptr || !set_options() || !set_headers()) {
    outcome_ = std::unexpected(network_failure(request_.url, "libcurl refuses an option or is out of memory", false));
    return false;
  }
  const auto user = url_part(request_.url, CURLUPART_USER, CURLU_URLDECODE);
  if (!user.empty()) credentials_ = user + ":" + url_part(request_.url, CURLUPART_PASSWORD, CURLU_URLDECODE);
  set_hop(request_.url);
  return true;
}

// A file that is not there is answered like a server that lacks it; a FIFO or device is never opened.
bool CurlTransfer::prepare_file() {
  const auto path = url_part(request_.url, CURLUPART_PATH, CURLU_URLDECODE);
  struct stat raw{};
  if (path.empty() || ::stat(path.c_str(), &raw) != 0) {
    const int number = path.empty() ? EINVAL : errno;
    if (number == ENOENT || number == ENOTDIR) {
      HttpResponse response;
      response.status = 404;
      response.final_url = request_.url;
      if (request_.on_headers) (void)request_.on_headers(404, {});
      outcome_ = std::move(response);
    } else {
      outcome_ = std::unexpected(network_failure(request_.url, std::strerror(number), false));
    }
    return false;
  }
  if (S_ISREG(raw.st_mode)) return true;
  outcome_ = std::unexpected(network_failure(request_.url, "it is not a regular file", false));
  return false;
}

bool CurlTransfer::set_options() {
  CURL* curl = handle_.get();
  bool good = true;
  const auto set = [&](CURLoption option, auto value) { good = good && curl_easy_setopt(curl, option, value) == CURLE_OK; };
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "cudaenv/" CUDAENV_VERSION);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_BUFFERSIZE, receive_buffer);
  // Redirects are followed by follow(), hop by hop: libcurl cannot ask whether a target is acceptable.
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request_.connect_seconds));
  set(CURLOPT_LOW_SPEED_LIMIT, min_bytes_per_second);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.stall_seconds));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  // The command line's curl reads these two; the library leaves them to its user.
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') set(CURLOPT_CAINFO, file);
  if (const char* folder = std::getenv("SSL_CERT_DIR"); folder != nullptr && *folder != '\0') set(CURLOPT_CAPATH, folder);
  if (request_.resume_from > 0) set(CURLOPT_RANGE, (std::to_string(request_.resume_from) + "-").c_str());
  return good;
}

bool CurlTransfer::set_headers() {
  curl_slist* list = nullptr;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    if (longer == nullptr) return false;
    list = longer;
    return true;
  };
  bool good = true;
  for (const auto& line : request_.headers) good = good && line.find_first_of("\r\n") == std::string::npos && append(line);
  if (request_.resume_from > 0 && !request_.if_range.empty())
    good = good && request_.if_range.find_first_of("\r\n") == std::string::npos && append("If-Range: " + request_.if_range);
  header_list_.reset(list);
  return good && (list == nullptr || curl_easy_setopt(handle_.get(), CURLOPT_HTTPHEADER, list) == CURLE_OK);
}

void CurlTransfer::set_hop(const std::string& url) {
  hop_url_ = url;
  headers_.clear();
  header_bytes_ = 0;
  in_headers_ = true;
  swallowed_ = 0;
  stop_ = Stop::none;
  message_[0] = '\0';
  curl_easy_setopt(handle_.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle_.get(), CURLOPT_PROTOCOLS_STR, redirects_ == 0 ? "https,http,file" : "https,http");
  const bool same_origin = url_origin(url) == url_origin(request_.url);
  if (!same_origin) credentials_.clear();  // once away, they do not come back either
  curl_easy_setopt(handle_.get(), CURLOPT_USERPWD,
                   redirects_ > 0 && !credentials_.empty() ? credentials_.c_str() : nullptr);
}

int CurlTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

bool CurlTransfer::is_redirect() const {
  const int code = status();
  return (code == 301 || code == 302 || code == 303 || code == 307 || code == 308) && headers_.contains("location");
}

bool CurlTransfer::announce() {
  if (announced_) return true;
  announced_ = true;
  return !request_.on_headers || request_.on_headers(status(), headers_);
}

bool CurlTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes) {
    stop_ = Stop::headers_too_long;
    return false;
  }
  if (line.starts_with("HTTP/")) {  // a new response: 100 Continue came before it, or a proxy's answer
    headers_.clear();
    in_headers_ = true;
  } else if (trim(line).empty()) {
    in_headers_ = false;  // what follows the body are trailers, which decide nothing
  } else if (const auto colon = line.find(':'); in_headers_ && colon != std::string_view::npos) {
    headers_.emplace(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return true;
}

bool CurlTransfer::take_body(std::span<const std::byte> bytes) {
  if (is_redirect()) {
    swallowed_ += bytes.size();
    if (swallowed_ <= max_redirect_body) return true;
    stop_ = Stop::not_wanted;
    return false;
  }
  if (!announce()) {
    stop_ = Stop::not_wanted;
    return false;
  }
  if (request_.max_bytes > 0 && body_bytes_ + bytes.size() > request_.max_bytes) {
    stop_ = Stop::too_long;
    return false;
  }
  body_bytes_ += bytes.size();
  if (!request_.on_body || request_.on_body(bytes)) return true;
  stop_ = Stop::refused_by_caller;
  return false;
}

// libcurl is C: no exception may pass through it. Anything but `count` bytes taken ends the transfer.
std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  try {
    if (static_cast<CurlTransfer*>(self)->take_header({data, size * count})) return size * count;
  } catch (const std::exception&) {
    static_cast<CurlTransfer*>(self)->stop_ = Stop::refused_by_caller;
  }
  return 0;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  try {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    if (static_cast<CurlTransfer*>(self)->take_body({bytes, size * count})) return size * count;
  } catch (const std::exception&) {
    static_cast<CurlTransfer*>(self)->stop_ = Stop::refused_by_caller;
  }
  return CURL_WRITEFUNC_ERROR;
}

bool CurlTransfer::advance(CURLcode code) {
  const bool ended_as_wished = code == CURLE_OK || stop_ == Stop::not_wanted;
  if (!ended_as_wished) {
    outcome_ = std::unexpected(failure_of(code));
    return false;
  }
  if (is_redirect()) return follow(resolve_url(hop_url_, headers_.at("location")));
  (void)announce();
  HttpResponse response;
  response.status = status();
  response.headers = std::move(headers_);
  response.body_bytes = body_bytes_;
  response.final_url = hop_url_;
  outcome_ = std::move(response);
  return false;
}

Http::Outcome CurlTransfer::take_outcome() {
  if (!outcome_) return std::unexpected(network_failure(request_.url, "libcurl did not start it", false));
  return std::move(*outcome_);
}

bool CurlTransfer::follow(const std::string& to) {
  if (auto allowed = check_redirect(hop_url_, to, request_.allow_http); !allowed) {
    outcome_ = std::unexpected(HttpFailure{std::move(allowed).error(), false, false});
    return false;
  }
  if (++redirects_ > max_redirects) {
    outcome_ = std::unexpected(network_failure(request_.url, "it redirects more than five times", false));
    return false;
  }
  set_hop(to);
  return true;
}

std::string CurlTransfer::scrub(std::string text) const {
  for (const auto part : {CURLUPART_PASSWORD, CURLUPART_QUERY})
    if (const auto secret = url_part(request_.url, part, 0); secret.size() > 2)
      for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
        text.replace(at, secret.size(), "***");
  return printable(text, 300);
}

HttpFailure CurlTransfer::failure_of(CURLcode code) const {
  if (stop_ == Stop::too_long) {
    auto failure = network_failure(hop_url_, "it is longer than " + std::to_string(request_.max_bytes) + " bytes", false);
    failure.too_long = true;
    return failure;
  }
  if (stop_ == Stop::headers_too_long) return network_failure(hop_url_, "its headers are longer than 256 KiB", false);
  if (stop_ == Stop::refused_by_caller) {
    auto failure = network_failure(hop_url_, "what came could not be taken", false);
    failure.error.code = Code::io;
    return failure;
  }
  const std::string_view message = message_[0] == '\0' ? curl_easy_strerror(code) : message_.data();
  auto cause = scrub(std::string(message));
  if (body_bytes_ > 0) cause += " (after " + std::to_string(body_bytes_) + " bytes)";
  const std::string hint = is_certificate_error(code) ? "export SSL_CERT_FILE=/path/to/your/ca-certificates.pem" : "";
  return network_failure(hop_url_, std::move(cause), is_transient(code, handle_.get(), message), hint);
}

}  // namespace cudaenv
