#include "model/pep440.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace cudaenv::pep440 {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return c >= 'a' && c <= 'z'; }
bool separator(char c) { return c == '-' || c == '_' || c == '.'; }

int compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// Reads the grammar of PEP 440, appendix B, from lower-case text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  bool skip(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // A run of digits without its leading zeros; nullopt where there is none.
  std::optional<std::string> number() {
    std::size_t end = 0;
    while (end < rest_.size() && digit(rest_[end])) ++end;
    if (end == 0) return std::nullopt;
    std::string_view digits = rest_.substr(0, end);
    rest_.remove_prefix(end);
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    return std::string(digits);
  }

  void epoch(Version& out) {
    const auto saved = rest_;
    const auto value = number();
    if (value && skip("!"))
      out.epoch = *value;
    else
      rest_ = saved;
  }
  bool release(Version& out) {
    auto value = number();
    if (!value) return false;
    out.release.push_back(std::move(*value));
    while (rest_.size() > 1 && rest_[0] == '.' && digit(rest_[1])) {
      rest_.remove_prefix(1);
      out.release.push_back(*number());
    }
    return true;
  }
  void suffixes(Version& out) {
    pre(out);
    post(out);
    if (auto value = labelled({"dev"})) out.dev = value->second;
  }
  bool local(Version& out) {
    if (!skip("+")) return true;
    for (;;) {
      std::size_t end = 0;
      while (end < rest_.size() && (digit(rest_[end]) || letter(rest_[end]))) ++end;
      if (end == 0) return false;
      out.local.push_back(segment(rest_.substr(0, end)));
      rest_.remove_prefix(end);
      if (rest_.empty() || !separator(rest_.front())) return true;
      rest_.remove_prefix(1);
    }
  }

 private:
  using Labelled = std::pair<std::string_view, std::string>;

  // [-_.]? label [-_.]? number?   An absent number is zero.
  std::optional<Labelled> labelled(std::initializer_list<std::string_view> labels) {
    const auto saved = rest_;
    if (!rest_.empty() && separator(rest_.front())) rest_.remove_prefix(1);
    for (const auto label : labels) {
      if (!skip(label)) continue;
      if (!rest_.empty() && separator(rest_.front())) rest_.remove_prefix(1);
      return Labelled{label, number().value_or("0")};
    }
    rest_ = saved;
    return std::nullopt;
  }
  void pre(Version& out) {
    const auto found = labelled({"alpha", "a", "beta", "b", "preview", "pre", "c", "rc"});
    if (!found) return;
    out.pre_label = found->first == "alpha" || found->first == "a"  ? "a"
                    : found->first == "beta" || found->first == "b" ? "b"
                                                                    : "rc";
    out.pre = found->second;
  }
  void post(Version& out) {
    if (rest_.size() > 1 && rest_[0] == '-' && digit(rest_[1])) {
      rest_.remove_prefix(1);
      out.post = number();
    } else if (auto found = labelled({"post", "rev", "r"})) {
      out.post = found->second;
    }
  }
  static std::string segment(std::string_view text) {
    if (!std::ranges::all_of(text, digit)) return std::string(text);
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    return std::string(text);
  }

  std::string_view rest_;
};

// `wildcard`: set where the text ends in `.*`, which then must follow the release at once.
std::optional<Version> parse_with(std::string_view text, bool* wildcard) {
  const std::string folded = lower(trim(text));
  Version version;
  Reader reader(folded);
  reader.skip("v");
  reader.epoch(version);
  if (!reader.release(version)) return std::nullopt;
  if (wildcard && reader.skip(".*")) {
    *wildcard = true;
    return reader.done() ? std::optional(version) : std::nullopt;
  }
  reader.suffixes(version);
  if (!reader.local(version) || !reader.done()) return std::nullopt;
  return version;
}

std::string_view release_at(const Version& version, std::size_t at) {
  return at < version.release.size() ? std::string_view(version.release[at]) : std::string_view("0");
}

int compare_release(const Version& a, const Version& b) {
  if (const int order = compare_numbers(a.epoch, b.epoch)) return order;
  for (std::size_t i = 0; i < std::max(a.release.size(), b.release.size()); ++i)
    if (const int order = compare_numbers(release_at(a, i), release_at(b, i))) return order;
  return 0;
}

// Rank of the pre-release part: a lone dev release comes before every alpha, no part comes last.
int pre_rank(const Version& version) {
  if (version.pre_label == "a") return 1;
  if (version.pre_label == "b") return 2;
  if (version.pre_label == "rc") return 3;
  return version.dev && !version.post ? 0 : 4;
}

int compare_local(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const bool number_a = digit(a[i].front()) && std::ranges::all_of(a[i], digit);
    const bool number_b = digit(b[i].front()) && std::ranges::all_of(b[i], digit);
    if (number_a != number_b) return number_a ? 1 : -1;  // numbers sort after words
    if (const int order = number_a ? compare_numbers(a[i], b[i]) : a[i].compare(b[i])) return order;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

// Everything but the local part.
int compare_public(const Version& a, const Version& b) {
  if (const int order = compare_release(a, b)) return order;
  if (const int order = pre_rank(a) - pre_rank(b)) return order;
  if (!a.pre_label.empty())
    if (const int order = compare_numbers(a.pre, b.pre)) return order;
  if (a.post.has_value() != b.post.has_value()) return a.post ? 1 : -1;
  if (a.post)
    if (const int order = compare_numbers(*a.post, *b.post)) return order;
  if (a.dev.has_value() != b.dev.has_value()) return a.dev ? -1 : 1;
  return a.dev ? compare_numbers(*a.dev, *b.dev) : 0;
}

bool begins_with(const Version& version, const Version& prefix, std::size_t count) {
  if (version.epoch != prefix.epoch) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (release_at(version, i) != prefix.release[i]) return false;
  return true;
}

bool equals(const Specifier& clause, const Version& version) {
  if (clause.wildcard) return begins_with(version, clause.version, clause.version.release.size());
  if (clause.version.local.empty()) return compare_public(version, clause.version) == 0;
  return compare(version, clause.version) == 0;
}

// `<3.1` leaves out 3.1rc1, `>3.1` leaves out 3.1.post1 and 3.1+local (PEP 440, exclusive ordered comparison).
bool is_less(const Specifier& clause, const Version& version) {
  if (clause.version.prerelease()) return compare(version, clause.version) < 0;
  Version first = clause.version;  // the first pre-release of the bound itself: 3.1.dev0, 3.1.post2.dev0
  first.dev = "0";
  return compare(version, first) < 0;
}

bool is_greater(const Specifier& clause, const Version& version) {
  if (compare_public(version, clause.version) <= 0) return false;
  return clause.version.post || !version.post || compare_release(version, clause.version) != 0 ||
         pre_rank(version) != pre_rank(clause.version) || version.pre != clause.version.pre;
}

bool holds(const Specifier& clause, const Version& version) {
  switch (clause.op) {
    case Specifier::Op::compatible:
      return compare_public(version, clause.version) >= 0 &&
             begins_with(version, clause.version, clause.version.release.size() - 1);
    case Specifier::Op::equal: return equals(clause, version);
    case Specifier::Op::not_equal: return !equals(clause, version);
    case Specifier::Op::less_equal: return compare_public(version, clause.version) <= 0;
    case Specifier::Op::greater_equal: return compare_public(version, clause.version) >= 0;
    case Specifier::Op::less: return is_less(clause, version);
    case Specifier::Op::greater: return is_greater(clause, version);
    case Specifier::Op::arbitrary: return lower(to_text(version)) == clause.text;
  }
  return false;
}

bool arbitrary_text(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n\f\v;)") == std::string_view::npos;
}

std::optional<Specifier> parse_clause(std::string_view text) {
  using Op = Specifier::Op;
  struct Operator {
    std::string_view text;
    Op op;
  };
  constexpr std::array<Operator, 8> operators{{{"===", Op::arbitrary},
                                               {"~=", Op::compatible},
                                               {"==", Op::equal},
                                               {"!=", Op::not_equal},
                                               {"<=", Op::less_equal},
                                               {">=", Op::greater_equal},
                                               {"<", Op::less},
                                               {">", Op::greater}}};
  const auto* const found =
      std::ranges::find_if(operators, [&](const Operator& candidate) { return text.starts_with(candidate.text); });
  if (found == operators.end()) return std::nullopt;
  const auto value = trim(text.substr(found->text.size()));
  Specifier clause;
  clause.op = found->op;
  if (clause.op == Op::arbitrary) {
    clause.text = lower(value);
    return arbitrary_text(value) ? std::optional(clause) : std::nullopt;
  }
  const bool equality = clause.op == Op::equal || clause.op == Op::not_equal;
  auto version = parse_with(value, equality ? &clause.wildcard : nullptr);
  if (!version || (!equality && !version->local.empty())) return std::nullopt;
  if (clause.op == Op::compatible && version->release.size() < 2) return std::nullopt;
  clause.version = std::move(*version);
  return clause;
}

}  // namespace

std::optional<Version> parse(std::string_view text) {
  if (text.size() > max_version_bytes) return std::nullopt;
  return parse_with(text, nullptr);
}

std::string to_text(const Version& version) {
  std::string out;
  if (version.epoch != "0") out = version.epoch + "!";
  out += join(version.release, ".");
  if (!version.pre_label.empty()) out += version.pre_label + version.pre;
  if (version.post) out += ".post" + *version.post;
  if (version.dev) out += ".dev" + *version.dev;
  if (!version.local.empty()) out += "+" + join(version.local, ".");
  return out;
}

int compare(const Version& a, const Version& b) {
  if (const int order = compare_public(a, b)) return order;
  if (a.local.empty() || b.local.empty()) return static_cast<int>(!a.local.empty()) - static_cast<int>(!b.local.empty());
  return compare_local(a.local, b.local);
}

std::optional<SpecifierSet> parse_specifiers(std::string_view text) {
  if (text.size() > max_specifiers_bytes) return std::nullopt;
  SpecifierSet set;
  for (const auto part : split(text, ',')) {
    if (trim(part).empty()) continue;
    auto clause = parse_clause(trim(part));
    if (!clause) return std::nullopt;
    set.clauses.push_back(std::move(*clause));
  }
  return set;
}

bool contains(const SpecifierSet& set, const Version& version) {
  return std::ranges::all_of(set.clauses, [&](const Specifier& clause) { return holds(clause, version); });
}

bool names_prerelease(const SpecifierSet& set) {
  return std::ranges::any_of(set.clauses, [](const Specifier& clause) { return clause.version.prerelease(); });
}

}  // namespace cudaenv::pep440
