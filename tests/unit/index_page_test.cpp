#include "base/text.hpp"
#include "catalog/html.hpp"
#include "catalog/json_text.hpp"
#include "catalog/simple_index.hpp"
#include "catalog/url.hpp"
#include "unit/catch.hpp"

#include <nlohmann/json.hpp>

using namespace cudaenv;

namespace {

const std::string hash(64, 'a');
const std::string base = "https://index.example/simple/nvidia-x/";

Page html(std::string body) { return {std::move(body), base, "text/html; charset=utf-8", ""}; }
Page json(std::string body) { return {std::move(body), base, "application/vnd.pypi.simple.v1+json", ""}; }
std::string anchor(const std::string& href, const std::string& attributes = "") {
  return "<a href=\"" + href + "#sha256=" + hash + "\" " + attributes + ">x</a>\n";
}
std::string json_file(const std::string& extra) {
  return R"({"meta":{"api-version":"1.1"},"files":[{"filename":"a-1-py3-none-any.whl","url":"../../files/a-1-py3-none-any.whl",)"
         R"("hashes":{"sha256":")" + hash + "\"}" + extra + "}]}";
}

}  // namespace

TEST_CASE("links are resolved against the page they stand on", "[index]") {
  struct Case {
    const char* reference;
    const char* expected;  // empty: refused
  };
  for (const auto& [reference, expected] : std::vector<Case>{
           {"a.whl", "https://index.example/simple/nvidia-x/a.whl"},
           {"./a.whl", "https://index.example/simple/nvidia-x/a.whl"},
           {"../../files/a.whl#sha256=1", "https://index.example/files/a.whl"},
           {"../../../../../a.whl", "https://index.example/a.whl"},
           {"/b/../c/a.whl?x=1", "https://index.example/c/a.whl?x=1"},
           {"//cdn.example/a.whl", "https://cdn.example/a.whl"},
           {"HTTPS://cdn.example", "https://cdn.example/"},
           {"a:b", ""},
           {"javascript:alert(1)", ""},
           {"file:///etc/passwd", ""},
           {"ftp://x/y", ""},
           {"https://user:secret@host/a.whl", ""},
           {"https:///a.whl", ""},
           {"a b.whl", ""},
           {"a\nb.whl", ""},
           {"..\\a.whl", ""}}) {
    CAPTURE(reference);
    CHECK(resolve_url(base, reference).value_or("") == expected);
  }
  CHECK(resolve_url("file:///srv/m/simple/x/index.html", "../../files/a.whl") == "file:///srv/m/files/a.whl");
  CHECK(resolve_url("nonsense", "a.whl") == std::nullopt);
  CHECK(url_filename("https://h/p/torch%2Bcu128.whl?x#y") == "torch+cu128.whl");
  CHECK(url_filename("https://h/p/") == "");
}

TEST_CASE("a PEP 503 page", "[index]") {
  const auto page = parse_index_page(html(
      std::string("<!DOCTYPE html><html><head><!-- <a href='no.whl#sha256=") + hash + "'> --><title>x</title></head><body>\n" +
      anchor("a-1-py3-none-any.whl", "data-requires-python=\"&gt;=3\" DATA-YANKED='Broken &amp; bad'") +
      anchor("a-2-py3-none-any.whl", "data-core-metadata=\"sha256=" + hash + "\"") +
      anchor("a-3-py3-none-any.whl", "data-dist-info-metadata=true data-yanked") +
      "<a href='a-4-py3-none-any.whl'>no hash</a><A HREF=a-5-py3-none-any.whl#md5=1>md5</A>" +
      anchor("javascript:x") + "<a name=\"nowhere\">x</a></body></html>"));
  REQUIRE(page);
  REQUIRE(page->files.size() == 3);
  const auto& first = page->files[0];
  CHECK(first.filename == "a-1-py3-none-any.whl");
  CHECK(first.url == base + "a-1-py3-none-any.whl");
  CHECK(first.sha256 == hash);
  CHECK(first.requires_python == ">=3");
  CHECK(first.yanked);
  CHECK(first.yanked_reason == "Broken & bad");
  CHECK(page->files[1].metadata_url == base + "a-2-py3-none-any.whl.metadata");
  CHECK(page->files[1].metadata_sha256 == hash);
  CHECK_FALSE(page->files[1].yanked);
  CHECK_FALSE(page->files[2].metadata_url.empty());
  CHECK(page->files[2].yanked);
  REQUIRE(page->kept_out.size() == 3);
  CHECK(page->kept_out[0].reason == "the index gives no sha256 for it");
  CHECK(page->kept_out[2].reason == "its address is none that can be fetched");
}

TEST_CASE("a base element moves the links, an entity in a link is decoded", "[index]") {
  const auto page = parse_index_page(html("<base href=\"https://cdn.example/w/\">" + anchor("x/a-1-py3-none-any.whl?a=1&amp;b=2")));
  REQUIRE(page);
  REQUIRE(page->files.size() == 1);
  CHECK(page->files[0].url == "https://cdn.example/w/x/a-1-py3-none-any.whl?a=1&b=2");
  CHECK(decode_entities("&lt;&#65;&#x42;&quot;&apos;&amp;&bogus;&#0;&#xD800;&#9999999999;& &#x1F600;") ==
        "<AB\"'&&bogus;&#0;&#xD800;&#9999999999;& \xf0\x9f\x98\x80");
}

TEST_CASE("a PEP 691 page", "[index]") {
  struct Case {
    const char* extra;
    bool yanked;
    const char* reason;
    std::uint64_t size;
    bool metadata;
  };
  for (const auto& c : std::vector<Case>{{"", false, "", 0, false},
                                         {R"(,"size":123,"yanked":false,"core-metadata":false)", false, "", 123, false},
                                         {R"(,"size":-1,"yanked":true)", true, "", 0, false},
                                         {R"(,"yanked":"Broken release")", true, "Broken release", 0, false},
                                         {R"(,"core-metadata":true)", false, "", 0, true},
                                         {R"(,"dist-info-metadata":{"sha256":"00"})", false, "", 0, true},
                                         {R"(,"requires-python":null,"size":"12","yanked":null)", false, "", 0, false}}) {
    CAPTURE(c.extra);
    const auto page = parse_index_page(json(json_file(c.extra)));
    REQUIRE(page);
    REQUIRE(page->files.size() == 1);
    CHECK(page->files[0].url == "https://index.example/files/a-1-py3-none-any.whl");
    CHECK(page->files[0].yanked == c.yanked);
    CHECK(page->files[0].yanked_reason == c.reason);
    CHECK(page->files[0].size == c.size);
    CHECK(page->files[0].metadata_url.empty() == !c.metadata);
  }
}

TEST_CASE("files that cannot be trusted are kept out, with the reason", "[index]") {
  for (const char* name : {"../evil.whl", "a/b.whl", "..", "", "a\\nb.whl", "a b.whl"}) {
    const auto page = parse_index_page(json(R"({"files":[{"filename":")" + std::string(name) + R"(","url":"x.whl","hashes":{"sha256":")" + hash + "\"}}]}"));
    CAPTURE(name);
    REQUIRE(page);
    CHECK(page->files.empty());
    CHECK(page->kept_out.size() == 1);
  }
  const auto page = parse_index_page(json(R"({"files":[{"filename":"a.whl","url":"x","hashes":{"sha256":"beef"}},{"filename":"b.whl","url":"x"},)"
                                          R"({"filename":"c.whl","url":7,"hashes":[1]},7,null]})"));
  REQUIRE(page);
  CHECK(page->files.empty());
  CHECK(page->kept_out.size() == 3);
}

TEST_CASE("malformed, deep and long pages are errors", "[index]") {
  const auto refused = [](const Page& page, const char* why) {
    const auto answer = parse_index_page(page);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Code::integrity);
    CHECK_THAT(answer.error().causes.at(0), ContainsSubstring(why));
  };
  refused(json("{"), "malformed JSON");
  refused(json("[]"), "not a JSON object");
  refused(json("{}"), "no list `files`");
  refused(json(R"({"files":{}})"), "no list `files`");
  refused(json(R"({"meta":{"api-version":"2.0"},"files":[]})"), "API version");
  refused(json(std::string(100'000, '[')), "deeper than 32");
  refused(json("{\"files\":" + std::string(33, '[') + std::string(33, ']') + "}"), "deeper than 32");
  refused(json(std::string(max_page_bytes + 1, ' ')), "16 MiB");
  refused(html(std::string(max_page_bytes + 1, ' ')), "16 MiB");
  CHECK(parse_index_page({"  {\"files\":[]}", base, "", ""}));  // no content type: by the first byte
}

TEST_CASE("every prefix of a page is answered", "[index]") {
  const std::string whole_json = json_file(R"(,"yanked":"a\"b","core-metadata":{"sha256":"x"})");
  const std::string whole_html = "<!-- c --><html><a b c=d e='f' g=\"h\" href=\"a-1-py3-none-any.whl#sha256=" + hash + "\" data-yanked>&amp;</a>";
  for (std::size_t n = 0; n <= whole_json.size(); ++n)
    CHECK(parse_index_page(json(whole_json.substr(0, n))).has_value() == (n == whole_json.size()));
  for (std::size_t n = 0; n <= whole_html.size(); ++n) CHECK(parse_index_page(html(whole_html.substr(0, n))));
}

TEST_CASE("odd markup is read in linear time", "[index]") {
  for (const std::string piece : {"<a ", "<a href=\"", "<!--", "<", "<a href=x ", "&#", "<a href='x", "=\"", "<base href="}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    CAPTURE(piece);
    CHECK(parse_index_page(html(text)));
  }
}
