// The links of an HTML page: a tokenizer for `<a …>` and `<base …>`, nothing more. Linear in the text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cudaenv {

struct HtmlLink {
  std::map<std::string, std::string, std::less<>> attributes;  // lower-case names, entities decoded
};

struct HtmlLinks {
  std::string base;  // href of the first `<base>`; usually empty
  std::vector<HtmlLink> links;
};

/// Every `<a>` that has an href, in order, outside comments; at most `max_links`.
[[nodiscard]] HtmlLinks read_links(std::string_view html, std::size_t max_links = 50'000);
/// `&amp; &lt; &gt; &quot; &apos;` and numeric references; anything else stays as it is.
[[nodiscard]] std::string decode_entities(std::string_view text);

}  // namespace cudaenv
