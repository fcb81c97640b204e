#include "catalog/simple_index.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "catalog/html.hpp"
#include "catalog/json_text.hpp"
#include "catalog/pep508.hpp"
#include "catalog/url.hpp"

namespace cudaenv {

namespace {

using nlohmann::json;

// "sha256=…" out of a fragment or attribute, also beside other `&` parts.
std::string hash_in(std::string_view text) {
  constexpr std::string_view key = "sha256=";
  for (const auto part : split(text, '&'))
    if (part.starts_with(key)) return parse_sha256(part.substr(key.size())).value_or("");
  return {};
}

// Adds a file whose URL, name and hash are all sound; else says why it is kept out.
void add_file(IndexPage& page, IndexFile file, std::string_view base, std::string_view reference) {
  const auto keep_out = [&](std::string reason) {
    page.kept_out.push_back({printable(file.filename, 120), std::move(reason)});
  };
  const auto url = resolve_url(base, reference);
  if (!url) return keep_out("its address is none that can be fetched");
  file.url = *url;
  if (file.filename.empty()) file.filename = url_filename(*url);
  if (!safe_filename(file.filename)) return keep_out("its name is not safe as a file name");
  if (file.sha256.empty()) return keep_out("the index gives no sha256 for it");
  page.files.push_back(std::move(file));
}

void add_html_link(IndexPage& page, const HtmlLink& link, std::string_view base) {
  const auto value = [&](std::string_view name) -> const std::string* {
    const auto found = link.attributes.find(name);
    return found == link.attributes.end() ? nullptr : &found->second;
  };
  const std::string& href = *value("href");
  IndexFile file;
  file.filename = url_filename(href);
  file.sha256 = hash_in(url_fragment(href));
  if (const auto* python = value("data-requires-python")) file.requires_python = *python;
  if (const auto* yanked = value("data-yanked")) {
    file.yanked = true;
    file.yanked_reason = printable(*yanked);
  }
  const auto* metadata = value("data-core-metadata");
  if (!metadata) metadata = value("data-dist-info-metadata");
  if (metadata && *metadata != "false") {
    file.metadata_sha256 = hash_in(*metadata);
    file.metadata_url = resolve_url(base, href).value_or("");
    if (!file.metadata_url.empty()) file.metadata_url += ".metadata";
  }
  add_file(page, std::move(file), base, href);
}

IndexPage parse_html(const Page& source) {
  IndexPage page;
  const auto found = read_links(source.body);
  std::string base = source.final_url;
  if (!found.base.empty()) base = resolve_url(base, found.base).value_or(base);
  for (const auto& link : found.links) add_html_link(page, link, base);
  return page;
}

void add_json_file(IndexPage& page, const json& entry, const std::string& base) {
  IndexFile file;
  file.filename = text_member(entry, "filename");
  if (file.filename.empty()) return page.kept_out.push_back({"(nameless)", "the index gives it no name"});
  file.requires_python = text_member(entry, "requires-python");
  if (const auto hashes = entry.find("hashes"); hashes != entry.end())
    file.sha256 = parse_sha256(text_member(*hashes, "sha256")).value_or("");
  if (const auto size = entry.find("size"); size != entry.end() && size->is_number_unsigned())
    file.size = size->get<std::uint64_t>();
  if (const auto yanked = entry.find("yanked"); yanked != entry.end()) {
    file.yanked = yanked->is_string() || (yanked->is_boolean() && yanked->get<bool>());
    if (yanked->is_string()) file.yanked_reason = printable(yanked->get<std::string>());
  }
  const auto url = text_member(entry, "url");
  auto metadata = entry.find("core-metadata");
  if (metadata == entry.end()) metadata = entry.find("dist-info-metadata");
  if (metadata != entry.end() && (metadata->is_object() || (metadata->is_boolean() && metadata->get<bool>()))) {
    file.metadata_sha256 = parse_sha256(text_member(*metadata, "sha256")).value_or("");
    if (auto resolved = resolve_url(base, url)) file.metadata_url = *resolved + ".metadata";
  }
  add_file(page, std::move(file), base, url);
}

Result<IndexPage> parse_json_page(const Page& source) {
  const json root = TRY(parse_json(source.body, "the index page `" + printable(source.final_url) + "`"));
  const auto refused = [&](std::string cause) {
    return fail(Code::integrity, "cannot read the index page `" + printable(source.final_url) + "`", std::move(cause));
  };
  if (!root.is_object()) return refused("it is not a JSON object");
  if (const auto meta = root.find("meta"); meta != root.end()) {
    const auto version = text_member(*meta, "api-version");
    if (!version.empty() && !version.starts_with("1.")) return refused("its API version is " + printable(version) + ", not 1");
  }
  const auto files = root.find("files");
  if (files == root.end() || !files->is_array()) return refused("it has no list `files`");
  IndexPage page;
  for (const auto& entry : *files)
    if (entry.is_object()) add_json_file(page, entry, source.final_url);
  return page;
}

bool is_json(const Page& page) {
  const auto type = lower(page.content_type);
  if (type.find("json") != std::string::npos) return true;
  if (type.find("html") != std::string::npos) return false;
  return trim(std::string_view(page.body).substr(0, 64)).starts_with('{');
}

}  // namespace

Result<IndexPage> parse_index_page(const Page& page) {
  if (page.body.size() > max_page_bytes)
    return fail(Code::integrity, "cannot read the index page `" + printable(page.final_url) + "`", "it is longer than 16 MiB");
  if (is_json(page)) return parse_json_page(page);
  return parse_html(page);
}

std::string project_page_url(std::string_view index_url, std::string_view name) {
  std::string url(index_url);
  if (!url.ends_with('/')) url += '/';
  url += pep508::normalize_name(name) + "/";
  if (url.starts_with("file:")) url += "index.html";
  return url;
}

}  // namespace cudaenv
