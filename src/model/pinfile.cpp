#include "model/pinfile.hpp"

#include "model/pin_value.hpp"

namespace cudaenv {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

enum Key : std::uint8_t {
  key_toolkit,
  key_components,
  key_channel,
  key_driver,
  key_compute_capability,
  key_torch,
  key_none
};

struct KnownKey {
  std::string_view name;
  bool required;  // lives in [require]
  Key key;
};
constexpr std::array<KnownKey, 6> known_keys{{{"toolkit", false, key_toolkit},
                                              {"components", false, key_components},
                                              {"channel", false, key_channel},
                                              {"driver", true, key_driver},
                                              {"compute_capability", true, key_compute_capability},
                                              {"torch", true, key_torch}}};

bool key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// One pass from left to right. Every function answers false after fail() and leaves `at_` where it
// stopped; positions become line and column only when an error is reported.
class Parser {
 public:
  Parser(std::string_view text, Pin& out, PinError& error) : text_(text), out_(out), error_(error) {}

  bool file() {
    const char* reason = "";
    if (text_.size() > pinfile_max_bytes) return fail(0, "the file is larger than 64 KiB");
    if (text_.starts_with(byte_order_mark)) start_ = at_ = byte_order_mark.size();
    const std::size_t bad = find_bad_byte(text_, reason);
    if (bad != std::string_view::npos) return fail(bad, reason);
    skip_lines();
    if (done()) return fail(start_, "the file says nothing; write a version such as `12.8`");
    return one_line_form() ? one_line() : toml();
  }

 private:
  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
  [[nodiscard]] bool line_end(std::size_t at) const {
    return at == text_.size() || text_[at] == '\n' || text_[at] == '\r';
  }
  [[nodiscard]] std::string_view from(std::size_t start) const { return {text_.data() + start, at_ - start}; }

  [[nodiscard]] std::uint32_t line_of(std::size_t position) const {
    std::uint32_t line = 1;
    for (std::size_t i = 0; i < position; ++i)
      if (text_[i] == '\n') ++line;
    return line;
  }

  bool fail(std::size_t position, const char* reason) {
    std::size_t begin = position;
    while (begin > start_ && text_[begin - 1] != '\n') --begin;
    error_ = {line_of(position), static_cast<std::uint32_t>(position - begin + 1), reason};
    return false;
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  void skip_comment() {
    if (peek() != '#') return;
    while (!line_end(at_)) ++at_;
  }
  // To the next byte that means something, over line ends and comments.
  void skip_lines() {
    for (;;) {
      skip_blanks();
      skip_comment();
      if (done() || !line_end(at_)) return;
      ++at_;
    }
  }
  bool rest_of_line() {
    skip_blanks();
    skip_comment();
    return line_end(at_) || fail(at_, "expected the end of the line");
  }

  // `12.8`, `>=12.4,<13` and a lone word are the one-line form; a word and `=`, or `[`, begin TOML.
  [[nodiscard]] bool one_line_form() const {
    const char first = peek();
    if (first == '[' || first == '"' || first == '\'') return false;
    std::size_t at = at_;
    while (at < text_.size() && key_character(text_[at])) ++at;
    if (at == at_) return true;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    return at == text_.size() || text_[at] != '=';
  }

  bool one_line() {
    const std::size_t begin = at_;
    while (!line_end(at_) && peek() != '#') ++at_;
    std::string_view spec = from(begin);
    while (spec.ends_with(' ') || spec.ends_with('\t')) spec.remove_suffix(1);
    if (!set_toolkit(spec, begin)) return false;
    skip_lines();
    return done() || fail(at_, "a file that begins with a version holds nothing but comments after it");
  }

  bool toml() {
    for (; !done(); skip_lines())
      if (!(peek() == '[' ? table() : assignment()) || !rest_of_line()) return false;
    return seen_ != 0 || fail(start_, "the file says nothing; write a version such as `12.8`");
  }

  bool table() {
    const std::size_t begin = at_++;
    skip_blanks();
    const std::size_t name = at_;
    while (key_character(peek())) ++at_;
    if (from(name) != "require") return fail(name, "the only table is [require]");
    skip_blanks();
    if (peek() != ']') return fail(at_, "expected `]`");
    if (in_require_) return fail(begin, "the table [require] is here twice");
    ++at_;
    return in_require_ = true;
  }

  bool assignment() {
    const std::size_t begin = at_;
    while (key_character(peek())) ++at_;
    if (at_ == begin) return fail(begin, "expected a key such as `toolkit`, without quotes");
    const Key key = known(from(begin));
    if (key == key_none) return fail(begin, unknown_reason(from(begin)));
    if ((seen_ & (1U << key)) != 0) return fail(begin, "the key is here twice");
    seen_ |= 1U << key;
    skip_blanks();
    if (peek() != '=') return fail(at_, "expected `=`");
    ++at_;
    skip_blanks();
    return key == key_components ? array() : value(key);
  }

  [[nodiscard]] Key known(std::string_view name) const {
    for (const auto& entry : known_keys)
      if (entry.required == in_require_ && entry.name == name) return entry.key;
    return key_none;
  }
  [[nodiscard]] const char* unknown_reason(std::string_view name) const {
    for (const auto& entry : known_keys)
      if (entry.name == name)
        return in_require_ ? "the key belongs above the table [require]" : "the key belongs in the table [require]";
    return in_require_ ? "unknown key; [require] knows driver, compute_capability and torch"
                       : "unknown key; a `.cudaenv` knows toolkit, components, channel and [require]";
  }

  // A basic string without escapes or a literal string, on one line. `content` is where its text begins.
  bool string(std::string_view& out, std::size_t& content) {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return fail(at_, "expected a string in quotes");
    const std::size_t begin = at_++;
    content = at_;
    for (; peek() != quote; ++at_) {
      if (line_end(at_)) return fail(begin, "the string has no end on its line");
      if (peek() == '\\' && quote == '"') return fail(at_, "escapes are not allowed");
    }
    out = from(content);
    ++at_;
    return true;
  }

  bool value(Key key) {
    std::string_view text;
    std::size_t content = 0;
    if (!string(text, content)) return false;
    switch (key) {
      case key_toolkit:
        return set_toolkit(text, content);
      case key_channel:
        return set(out_.channel, text, content, channel_fault(text));
      case key_driver:
        out_.require.driver_line = line_of(content);
        return set(out_.require.driver, text, content, bound_fault(text));
      case key_compute_capability:
        out_.require.compute_capability_line = line_of(content);
        return set(out_.require.compute_capability, text, content, bound_fault(text));
      default:
        out_.require.torch_line = line_of(content);
        return set(out_.require.torch, text, content, torch_fault(text));
    }
  }

  bool set(std::string_view& field, std::string_view text, std::size_t content, const char* fault) {
    if (fault != nullptr) return fail(content, fault);
    field = text;
    return true;
  }
  bool set_toolkit(std::string_view text, std::size_t content) {
    const char* reason = "";
    if (!parse_spec(text, out_.toolkit, reason)) return fail(content, reason);
    out_.toolkit_line = line_of(content);
    return true;
  }

  bool array() {
    if (peek() != '[') return fail(at_, "expected an array of strings");
    ++at_;
    for (;;) {
      skip_lines();
      if (peek() == ']') return ++at_, true;
      if (!element()) return false;
      skip_lines();
      if (peek() == ',')
        ++at_;
      else if (peek() != ']')
        return fail(at_, "expected `,` or `]`");
    }
  }
  bool element() {
    std::string_view text;
    std::size_t content = 0;
    if (!string(text, content)) return false;
    if (const char* fault = component_fault(text)) return fail(content, fault);
    for (std::size_t i = 0; i < out_.components; ++i)
      if (component_name(out_.component[i]) == component_name(text))
        return fail(content, "the component is here twice");
    if (out_.components == out_.component.size()) return fail(content, "more than 64 components");
    out_.component[out_.components++] = text;
    return true;
  }

  std::string_view text_;
  Pin& out_;
  PinError& error_;
  std::size_t start_ = 0;  // after a byte order mark
  std::size_t at_ = 0;
  std::uint32_t seen_ = 0;
  bool in_require_ = false;
};

}  // namespace

bool parse_pin(std::string_view text, Pin& out, PinError& error) {
  out = Pin{};
  error = PinError{};
  return Parser(text, out, error).file();
}

}  // namespace cudaenv
