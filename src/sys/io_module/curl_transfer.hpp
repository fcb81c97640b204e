// One GET on one easy handle, redirects included.
#pragma once

#include <curl/curl.h>

#include <array>
#include <map>
#include <memory>
#include <string>

#include "sys/net.hpp"
#include "sys/url.hpp"

namespace cudaenv {

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class CurlTransfer {
 public:
  CurlTransfer(std::size_t index, HttpRequest request) : index_(index), request_(std::move(request)) {}
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// Sets the handle up for the first hop. False: the outcome is there already (refused URL, missing file).
  bool prepare();
  /// Takes libcurl's result of a hop. True: a redirect was accepted and the handle is ready for the next hop.
  bool advance(CURLcode code);
  [[nodiscard]] CURL* handle() const { return handle_.get(); }
  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] const std::string& url() const { return request_.url; }
  /// Spends the outcome; a failure when libcurl never ran the transfer.
  [[nodiscard]] Http::Outcome take_outcome();

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  bool take_header(std::string_view line);
  bool take_body(std::span<const std::byte> bytes);

  bool prepare_file();
  bool set_options();
  void set_hop(const std::string& url);
  bool set_headers();
  bool follow(const std::string& to);
  bool announce();
  [[nodiscard]] int status() const;
  [[nodiscard]] bool is_redirect() const;
  [[nodiscard]] HttpFailure failure_of(CURLcode code) const;
  [[nodiscard]] std::string scrub(std::string text) const;

  std::size_t index_;
  HttpRequest request_;
  std::unique_ptr<CURL, FreeEasy> handle_;
  std::unique_ptr<curl_slist, FreeHeaders> header_list_;
  std::array<char, CURL_ERROR_SIZE> message_{};
  std::optional<Http::Outcome> outcome_;

  std::string hop_url_;
  std::string credentials_;    // "user:password" of the URL given, for hops to the very same origin
  unsigned redirects_ = 0;
  std::map<std::string, std::string> headers_;  // of this hop's last response
  std::size_t header_bytes_ = 0;
  bool in_headers_ = true;
  bool announced_ = false;
  std::uint64_t body_bytes_ = 0, swallowed_ = 0;
  enum class Stop { none, not_wanted, too_long, refused_by_caller, headers_too_long } stop_ = Stop::none;
};

}  // namespace cudaenv
