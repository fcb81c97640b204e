#include "catalog/page.hpp"

namespace cudaenv {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

}  // namespace

Result<Page> get_one(const Get& get, PageRequest request) {
  auto answers = get({std::move(request)});
  if (answers.size() != 1) return fail(Code::internal, "cannot get a page", "the getter gave no answer");
  return std::move(answers.front());
}

std::string listing_page(const std::vector<std::string>& names) {
  std::string out = "<!DOCTYPE html><html><body>\n";
  for (const auto& name : names) out += "<a href=\"" + escaped(name) + "\">" + escaped(name) + "</a>\n";
  return out + "</body></html>\n";
}

}  // namespace cudaenv
