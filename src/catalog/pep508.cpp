#include "catalog/pep508.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace cudaenv::pep508 {

namespace {

bool alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool identifier_char(char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; }
bool blank(char c) { return c == ' ' || c == '\t'; }

std::unexpected<Error> malformed(std::string_view text, std::string cause) {
  return fail(Code::integrity, "cannot read requirement `" + printable(text) + "`", std::move(cause));
}

// A cursor over one line of text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  void skip_blanks() {
    while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  // Letters, digits and `-_.`, beginning and ending with a letter or digit; empty where there is none.
  std::string_view identifier() {
    std::size_t end = 0;
    while (end < rest_.size() && identifier_char(rest_[end])) ++end;
    while (end > 0 && !alnum(rest_[end - 1])) --end;
    if (end == 0 || !alnum(rest_.front())) return {};
    return take(end);
  }
  std::string_view take(std::size_t count) {
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(out.size());
    return out;
  }
  // A word of the marker language: and, or, not, in.
  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    if (rest_.size() > text.size() && (identifier_char(rest_[text.size()]))) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

 private:
  std::string_view rest_;
};

bool parse_extras(Cursor& at, Requirement& out) {
  if (!at.skip("[")) return true;
  at.skip_blanks();
  if (at.skip("]")) return true;
  for (;;) {
    const auto extra = at.identifier();
    if (extra.empty()) return false;
    out.extras.emplace_back(extra);
    at.skip_blanks();
    if (at.skip("]")) return true;
    if (!at.skip(",")) return false;
    at.skip_blanks();
  }
}

// Up to the marker or the end; `(==1.0)` loses its parentheses.
std::optional<std::string> parse_versions(Cursor& at) {
  const bool wrapped = at.skip("(");
  const auto end = at.rest().find(wrapped ? ')' : ';');
  if (wrapped && end == std::string_view::npos) return std::nullopt;
  const auto text = at.take(std::min(end, at.rest().size()));
  if (wrapped) at.skip(")");
  std::string out;
  for (const char c : text)
    if (!blank(c)) out += c;
  const auto set = pep440::parse_specifiers(text);
  if (!set || (set->clauses.empty() && !out.empty())) return std::nullopt;
  return out;
}

struct Variable {
  std::string_view name;
  std::string_view alias;  // the spelling of the first tools
};
constexpr std::array<Variable, 12> variables{{{"os_name", "os.name"},
                                              {"sys_platform", "sys.platform"},
                                              {"platform_machine", "platform.machine"},
                                              {"platform_python_implementation", "platform.python_implementation"},
                                              {"platform_release", ""},
                                              {"platform_system", ""},
                                              {"platform_version", "platform.version"},
                                              {"python_version", ""},
                                              {"python_full_version", ""},
                                              {"implementation_name", ""},
                                              {"implementation_version", ""},
                                              {"extra", ""}}};

enum class Op : std::uint8_t { equal, not_equal, less_equal, greater_equal, less, greater, compatible, arbitrary, in, not_in };
constexpr std::array<std::pair<std::string_view, Op>, 8> operators{{{"===", Op::arbitrary},
                                                                    {"==", Op::equal},
                                                                    {"!=", Op::not_equal},
                                                                    {"<=", Op::less_equal},
                                                                    {">=", Op::greater_equal},
                                                                    {"~=", Op::compatible},
                                                                    {"<", Op::less},
                                                                    {">", Op::greater}}};
std::string_view operator_text(Op op) {
  for (const auto& [text, candidate] : operators)
    if (candidate == op) return text;
  return "";
}

struct Operand {
  std::string value;
  std::string_view variable;  // empty for a quoted text
};

// Recursive descent; depth is counted because the text comes from outside.
class MarkerParser {
 public:
  MarkerParser(std::string_view text, const Environment& environment) : text_(text), at_(text), environment_(environment) {}

  Result<bool> whole() {
    const bool value = TRY(any_of(0));
    at_.skip_blanks();
    if (!at_.done()) return refused("expected `and`, `or` or the end");
    return value;
  }

 private:
  [[nodiscard]] std::unexpected<Error> refused(std::string cause) const {
    return fail(Code::integrity, "cannot evaluate marker `" + printable(text_) + "`", std::move(cause));
  }
  Result<bool> any_of(int depth) {
    bool value = TRY(all_of(depth));
    for (at_.skip_blanks(); at_.word("or"); at_.skip_blanks()) {
      const bool next = TRY(all_of(depth));  // both sides are read: an unknown variable is always found
      value = value || next;
    }
    return value;
  }
  Result<bool> all_of(int depth) {
    bool value = TRY(one(depth));
    for (at_.skip_blanks(); at_.word("and"); at_.skip_blanks()) {
      const bool next = TRY(one(depth));
      value = value && next;
    }
    return value;
  }
  Result<bool> one(int depth) {
    if (depth > max_marker_depth) return refused("parentheses are too deep");
    at_.skip_blanks();
    if (!at_.skip("(")) return comparison();
    const bool value = TRY(any_of(depth + 1));
    at_.skip_blanks();
    if (!at_.skip(")")) return refused("a parenthesis is not closed");
    return value;
  }
  Result<bool> comparison() {
    const Operand left = TRY(operand());
    at_.skip_blanks();
    const Op op = TRY(operation());
    const Operand right = TRY(operand());
    if (left.variable.empty() == right.variable.empty()) return refused("a variable must be compared with a text");
    return evaluate(left, op, right);
  }
  Result<Operand> operand() {
    at_.skip_blanks();
    const char quote = at_.peek();
    if (quote == '\'' || quote == '"') {
      at_.take(1);
      const auto end = at_.rest().find(quote);
      if (end == std::string_view::npos) return refused("a text is not closed");
      Operand out{std::string(at_.take(end)), {}};
      at_.take(1);
      return out;
    }
    const auto name = at_.identifier();
    for (const auto& variable : variables) {
      if (name.empty() || (name != variable.name && name != variable.alias)) continue;
      const auto value = environment_.find(variable.name);
      if (value == environment_.end()) return refused("no value is known for `" + std::string(variable.name) + "`");
      return Operand{value->second, variable.name};
    }
    return refused(name.empty() ? "expected a variable or a quoted text"
                                : "unknown variable `" + printable(name) + "`");
  }
  Result<Op> operation() {
    for (const auto& [text, op] : operators)
      if (at_.skip(text)) return op;
    if (at_.word("in")) return Op::in;
    if (!at_.word("not")) return refused("expected a comparison");
    at_.skip_blanks();
    if (!at_.word("in")) return refused("expected `in` after `not`");
    return Op::not_in;
  }
  [[nodiscard]] Result<bool> evaluate(const Operand& left, Op op, const Operand& right) const {
    if (op == Op::in) return right.value.find(left.value) != std::string::npos;
    if (op == Op::not_in) return right.value.find(left.value) == std::string::npos;
    if (left.variable == "extra" || right.variable == "extra") {
      if (op == Op::equal) return normalize_name(left.value) == normalize_name(right.value);
      if (op == Op::not_equal) return normalize_name(left.value) != normalize_name(right.value);
      return refused("`extra` can only be compared by == and !=");
    }
    const auto set = pep440::parse_specifiers(std::string(operator_text(op)) + right.value);
    const auto version = pep440::parse(left.value);
    if (set && !set->clauses.empty() && version) return pep440::contains(*set, *version);
    return compare_text(left.value, op, right.value);
  }
  [[nodiscard]] Result<bool> compare_text(const std::string& left, Op op, const std::string& right) const {
    switch (op) {
      case Op::equal: return left == right;
      case Op::not_equal: return left != right;
      case Op::less: return left < right;
      case Op::less_equal: return left <= right;
      case Op::greater: return left > right;
      case Op::greater_equal: return left >= right;
      case Op::compatible:
      case Op::arbitrary:
      case Op::in:
      case Op::not_in: break;
    }
    return refused("`" + std::string(operator_text(op)) + "` needs a version on both sides");
  }

  std::string_view text_;
  Cursor at_;
  const Environment& environment_;
};

}  // namespace

Environment environment_of(Platform platform) {
  // No Python takes part: the versions only answer the odd `python_version >= "3"`.
  return {{"os_name", "posix"},
          {"sys_platform", "linux"},
          {"platform_system", "Linux"},
          {"platform_machine", std::string(machine_name(platform))},
          {"platform_python_implementation", "CPython"},
          {"implementation_name", "cpython"},
          {"implementation_version", "3.12.0"},
          {"python_version", "3.12"},
          {"python_full_version", "3.12.0"},
          {"platform_release", ""},
          {"platform_version", ""},
          {"extra", ""}};
}

Result<Requirement> parse_requirement(std::string_view text) {
  if (text.size() > max_requirement_bytes) return malformed(text, "it is longer than 16 KiB");
  Cursor at(trim(text));
  Requirement out;
  out.name = at.identifier();
  if (out.name.empty()) return malformed(text, "it does not begin with a package name");
  at.skip_blanks();
  if (!parse_extras(at, out)) return malformed(text, "its list of extras is not closed");
  at.skip_blanks();
  if (at.peek() == '@') return malformed(text, "direct references are not accepted");
  auto versions = parse_versions(at);
  if (!versions) return malformed(text, "its versions are not those of PEP 440");
  out.specifier = std::move(*versions);
  at.skip_blanks();
  if (at.skip(";")) {
    out.marker = trim(at.take(at.rest().size()));
    if (out.marker.empty()) return malformed(text, "nothing follows the semicolon");
  }
  if (!at.done()) return malformed(text, "expected `;` or the end after the versions");
  return out;
}

Result<bool> evaluate_marker(std::string_view marker, const Environment& environment) {
  if (marker.size() > max_requirement_bytes)
    return fail(Code::integrity, "cannot evaluate a marker", "it is longer than 16 KiB");
  return MarkerParser(marker, environment).whole();
}

std::string normalize_name(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    const bool dash = c == '-' || c == '_' || c == '.';
    if (dash && !out.empty() && out.back() == '-') continue;
    out += dash ? '-' : c;
  }
  return out;
}

}  // namespace cudaenv::pep508
