#include "catalog/html.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t max_attributes = 64;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// "amp", "#39", "#x27"; false where it is no reference that we know.
bool append_entity(std::string& out, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> named{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [text, character] : named)
    if (name == text) return out += character, true;
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x') || name.starts_with('X');
  if (hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, code, hex ? 16 : 10);
  if (error != std::errc{} || stop != end || name.empty()) return false;
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  return append_utf8(out, code), true;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  // Moves behind the next `<`; false at the end.
  bool next_tag() {
    const auto open = text_.find('<', at_);
    if (open == std::string_view::npos) return false;
    at_ = open + 1;
    return true;
  }
  // Comments and `<!doctype>`, `<?xml?>`.
  bool skip_markup() {
    if (starts("!--")) {
      const auto end = text_.find("-->", at_ + 3);
      at_ = end == std::string_view::npos ? text_.size() : end + 3;
      return true;
    }
    return starts("!") || starts("?") || starts("/");
  }
  std::string tag_name() { return word(" \t\r\n\f/><"); }

  // `name`, `name=value`, `name="value"`; false at the end of the tag.
  bool attribute(std::string& name, std::string& value) {
    while (at_ < text_.size() && (blank(text_[at_]) || text_[at_] == '/')) ++at_;
    value.clear();
    if (at_ >= text_.size() || text_[at_] == '>' || text_[at_] == '<') return false;
    name = word(" \t\r\n\f/=><");
    if (name.empty()) return ++at_, true;  // a stray `=`
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != '=') return true;
    ++at_;
    skip_blanks();
    value = decode_entities(raw_value());
    return true;
  }

 private:
  [[nodiscard]] bool starts(std::string_view text) const { return text_.substr(at_).starts_with(text); }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  std::string word(std::string_view stops) {
    const auto end = std::min(text_.find_first_of(stops, at_), text_.size());
    auto out = lower(text_.substr(at_, end - at_));
    at_ = end;
    return out;
  }
  std::string_view raw_value() {
    if (at_ >= text_.size()) return {};
    const char quote = text_[at_];
    const bool quoted = quote == '"' || quote == '\'';
    const auto start = quoted ? at_ + 1 : at_;
    const auto end = std::min(quoted ? text_.find(quote, start) : text_.find_first_of(" \t\r\n\f>", start), text_.size());
    at_ = quoted && end < text_.size() ? end + 1 : end;
    return text_.substr(start, end - start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string decode_entities(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&') {
      const auto end = text.substr(i, 12).find(';');
      if (end != std::string_view::npos && append_entity(out, text.substr(i + 1, end - 1))) {
        i += end;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

HtmlLinks read_links(std::string_view html, std::size_t max_links) {
  HtmlLinks out;
  Tokenizer tokens(html);
  while (out.links.size() < max_links && tokens.next_tag()) {
    if (tokens.skip_markup()) continue;
    const auto tag = tokens.tag_name();
    if (tag != "a" && tag != "base") continue;
    HtmlLink link;
    std::string name;
    std::string value;
    while (tokens.attribute(name, value))
      if (link.attributes.size() < max_attributes) link.attributes.emplace(name, std::move(value));
    const auto href = link.attributes.find("href");
    if (href == link.attributes.end()) continue;
    if (tag == "base" && out.base.empty()) out.base = href->second;
    if (tag == "a") out.links.push_back(std::move(link));
  }
  return out;
}

}  // namespace cudaenv
