#include "model/spec.hpp"

namespace cudaenv {

namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

struct Keyword {
  std::string_view text;
  VersionSpec::Kind kind;
};
constexpr std::array<Keyword, 4> keywords{{{"latest", VersionSpec::Kind::latest},
                                           {"driver", VersionSpec::Kind::driver},
                                           {"torch", VersionSpec::Kind::torch},
                                           {"system", VersionSpec::Kind::system}}};

bool valid_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !letter(text.front())) return false;
  char previous = 0;
  for (const char c : text) {
    if (!letter(c) && !digit(c) && c != '.' && c != '_' && c != '-') return false;
    if (c == '.' && previous == '.') return false;
    previous = c;
  }
  return previous != '.' && previous != '-';
}

bool parse_bound(std::string_view text, VersionBound& out) {
  struct Operator {
    std::string_view text;
    VersionBound::Op op;
  };
  constexpr std::array<Operator, 6> operators{{{">=", VersionBound::Op::ge},
                                               {"<=", VersionBound::Op::le},
                                               {"==", VersionBound::Op::eq},
                                               {"!=", VersionBound::Op::ne},
                                               {">", VersionBound::Op::gt},
                                               {"<", VersionBound::Op::lt}}};
  for (const auto& candidate : operators) {
    if (!text.starts_with(candidate.text)) continue;
    out.op = candidate.op;
    return parse_version(text.substr(candidate.text.size()), out.version);
  }
  return false;
}

bool parse_range(std::string_view text, VersionSpec& out, const char*& reason) {
  out.kind = VersionSpec::Kind::range;
  for (;;) {
    const auto comma = text.find(',');
    if (out.bounds == out.bound.size()) return reason = "a range has at most eight bounds", false;
    if (!parse_bound(text.substr(0, comma), out.bound[out.bounds++]))
      return reason = "expected a range such as `>=12.4,<13`", false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
}

bool holds(const VersionBound& bound, const Version& version) {
  const int order = compare(version, bound.version);
  switch (bound.op) {
    case VersionBound::Op::ge: return order >= 0;
    case VersionBound::Op::gt: return order > 0;
    case VersionBound::Op::le: return order <= 0;
    case VersionBound::Op::lt: return order < 0;
    // `==12.8` means the minor release, as people write it; `!=12.8` leaves the whole minor out.
    case VersionBound::Op::eq: return bound.version.is_prefix_of(version);
    case VersionBound::Op::ne: return !bound.version.is_prefix_of(version);
  }
  return false;
}

}  // namespace

bool parse_spec(std::string_view text, VersionSpec& out, const char*& reason) {
  out = VersionSpec{};
  out.text = text;
  reason = "";
  if (text.empty()) return reason = "the version is empty", false;
  if (text.size() > 128) return reason = "the version is longer than 128 characters", false;
  for (const auto& keyword : keywords)
    if (text == keyword.text) return out.kind = keyword.kind, true;
  if (digit(text.front())) {
    if (parse_version(text, out.version)) return true;
    return reason = "expected a version such as `12`, `12.8` or `12.8.1`", false;
  }
  if (text.front() == '>' || text.front() == '<' || text.front() == '=' || text.front() == '!')
    return parse_range(text, out, reason);
  if (valid_name(text)) return out.kind = VersionSpec::Kind::name, true;
  return reason = "expected a version, a range, `latest`, `driver`, `torch`, `system` or the name of a link", false;
}

bool matches(const VersionSpec& spec, const Version& version, bool candidates) {
  switch (spec.kind) {
    case VersionSpec::Kind::prefix:
      if (version.prerelease() && !spec.version.prerelease() && !candidates) return false;
      return spec.version.is_prefix_of(version);
    case VersionSpec::Kind::range:
      if (version.prerelease() && !candidates) return false;
      for (std::size_t i = 0; i < spec.bounds; ++i)
        if (!holds(spec.bound[i], version)) return false;
      return true;
    case VersionSpec::Kind::latest: return candidates || !version.prerelease();
    case VersionSpec::Kind::driver:
    case VersionSpec::Kind::torch:
    case VersionSpec::Kind::system:
    case VersionSpec::Kind::name: return false;
  }
  return false;
}

bool chosen_before(const Version& a, std::string_view name_a, const Version& b, std::string_view name_b) {
  const int order = compare(a, b);
  if (order != 0) return order > 0;
  if (name_a.size() != name_b.size()) return name_a.size() > name_b.size();
  for (std::size_t i = 0; i < name_a.size(); ++i)
    if (name_a[i] != name_b[i]) return static_cast<unsigned char>(name_a[i]) < static_cast<unsigned char>(name_b[i]);
  return false;
}

}  // namespace cudaenv
