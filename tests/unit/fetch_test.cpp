#include "fetch/http_fields.hpp"
#include "fetch/retry.hpp"
#include "sys/url.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::fetch;

TEST_CASE("Content-Range is read strictly", "[fetch]") {
  CHECK(parse_content_range("bytes 5-9/10") == ContentRange{5, 9, 10});
  CHECK(parse_content_range("bytes 5-9/*") == ContentRange{5, 9, std::nullopt});
  CHECK(parse_content_range(" Bytes 0-0/1 ") == ContentRange{0, 0, 1});
  for (const char* text : {"", "bytes", "bytes */10", "bytes 5-/10", "bytes -5/10", "bytes 9-5/10", "bytes 5-9/9", "bytes 5-9",
                           "items 5-9/10", "bytes 5-9/10/11", "bytes 5-9/x", "bytes 99999999999999999999-1/2", "bytes=5-9/10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_range(text));
  }
}

TEST_CASE("Retry-After is a number or a date", "[fetch]") {
  constexpr std::int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after("0", now) == 0);
  CHECK(parse_retry_after(" 120 ", now) == 120);
  CHECK(parse_retry_after("99999999", now) == 99999999);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now) == 60);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 0);
  CHECK(parse_retry_after("Sat, 05 Nov 1994 08:49:37 GMT", now) == 0);
  for (const char* text : {"", "-1", "1.5", "soon", "99999999999999999999", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nop 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_after(text, now));
  }
}

TEST_CASE("the delay before a retry", "[fetch]") {
  struct Row {
    unsigned attempt;
    std::uint64_t base;
    std::optional<std::uint64_t> after;
    double random;
    std::optional<std::uint64_t> delay;
  };
  const std::vector<Row> table{
      {0, 500, {}, 0.0, 0},          {0, 500, {}, 0.5, 250},       {1, 500, {}, 0.5, 500},
      {2, 500, {}, 0.999999, 1999},  {3, 500, {}, 0.25, 1000},     {10, 500, {}, 0.5, 10'000},
      {63, 500, {}, 0.5, 10'000},    {0, 60'000, {}, 1.0, 20'000}, {0, 0, {}, 0.9, 0},
      {0, 500, 3, 0.5, 3000},        {5, 500, 3, 0.5, 8000},       {0, 500, 0, 0.5, 250},
      {0, 500, 120, 0.5, 120'000},   {0, 500, 121, 0.5, {}},       {0, 500, 99999999, 0.5, {}},
  };
  for (const auto& row : table) {
    CAPTURE(row.attempt, row.base, row.random);
    CHECK(retry_delay(row.attempt, row.base, row.after, row.random) == row.delay);
  }
}

TEST_CASE("statuses that may change by themselves", "[fetch]") {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 507, 599}) CHECK(is_retryable_status(status));
  for (const int status : {0, 200, 301, 304, 400, 401, 403, 404, 410, 416, 451, 501, 505, 600}) CHECK_FALSE(is_retryable_status(status));
}

TEST_CASE("only a strong ETag guards a range", "[fetch]") {
  CHECK(is_strong_etag("\"abc\""));
  for (const char* etag : {"", "\"", "abc", "W/\"abc\""}) CHECK_FALSE(is_strong_etag(etag));
}

TEST_CASE("a URL is shown without what may be secret", "[url]") {
  CHECK(redact_url("https://user:pass@host/a/b?token=x#sha256=1") == "https://host/a/b");
  CHECK(redact_url("https://user@x:pa@host:8443/a") == "https://host:8443/a");
  CHECK(redact_url("https://host") == "https://host");
  CHECK(redact_url("https://host?key=1") == "https://host");
  CHECK(redact_url("file:///srv/a b") == "file:///srv/a b");
  CHECK(redact_url("relative?x") == "relative");
  CHECK(redact_url("https://h/\x1b[2J") == "https://h/\\x1b[2J");
}

TEST_CASE("the parts of a URL that decide about trust", "[url]") {
  CHECK(url_origin("HTTPS://U:p@Host.Example/x") == UrlOrigin{"https", "host.example", "443"});
  CHECK(url_origin("http://[::1]:8080/x") == UrlOrigin{"http", "[::1]", "8080"});
  CHECK(url_origin("https://[::1]/") == UrlOrigin{"https", "[::1]", "443"});
  CHECK(url_origin("file:///x") == UrlOrigin{"file", "", ""});
  CHECK(url_origin("nothing") == UrlOrigin{});
}

TEST_CASE("loopback by its text", "[url]") {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) CHECK(is_loopback(host));
  for (const char* host : {"", "127.0.0.1.evil.example", "127.1", "128.0.0.1", "localhost.example", "127.0.0.256", "127.0.0.x", "[::2]"})
    CHECK_FALSE(is_loopback(host));
}

TEST_CASE("what may be fetched", "[url]") {
  for (const char* url : {"https://h/x", "file:///x", "file://localhost/x", "http://localhost:1/x", "http://127.0.0.1/x"}) {
    CAPTURE(url);
    CHECK(check_url(url, false));
  }
  CHECK(check_url("http://h/x", true));
  for (const char* url : {"http://h/x", "ftp://h/x", "file://h/x", "x", "https:///x", "https://h/a b", "https://h\\@127.0.0.1/",
                          "http://127.0.0.1@evil.example/", "data:,x", "https://h/\n", "http://localhost:80@evil.example/"}) {
    CAPTURE(url);
    CHECK_FALSE(check_url(url, false));
  }
}

TEST_CASE("where a redirect may lead", "[url]") {
  CHECK(check_redirect("https://a/", "https://b/", false));
  CHECK(check_redirect("http://localhost/", "https://b/", false));
  CHECK(check_redirect("http://localhost:1/", "http://127.0.0.1:2/", false));
  CHECK(check_redirect("http://a/", "http://b/", true));
  CHECK_FALSE(check_redirect("https://a/", "http://localhost/", false));
  CHECK_FALSE(check_redirect("https://a/", "http://b/", true));
  CHECK_FALSE(check_redirect("http://localhost/", "http://b/", false));
  CHECK_FALSE(check_redirect("https://a/", "file:///etc/passwd", false));
  CHECK_FALSE(check_redirect("https://a/", "ftp://a/", false));
  CHECK_FALSE(check_redirect("https://a/", "https://u:p@b/", false));
  CHECK_FALSE(check_redirect("https://a/", "", false));
}
