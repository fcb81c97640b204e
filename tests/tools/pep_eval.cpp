// Answers questions about PEP 440 and 508, one per line of standard input, fields parted by tabs. The Python
// test compares the answers with those of Python's own `packaging`.
#include <algorithm>
#include <iostream>
#include <string>

#include "base/text.hpp"
#include "catalog/pep508.hpp"
#include "model/pep440.hpp"

using namespace cudaenv;

namespace {

using Fields = std::vector<std::string_view>;

std::string normal(const Fields& in) {
  const auto version = pep440::parse(in.at(1));
  return version ? pep440::to_text(*version) : "invalid";
}

std::string order(const Fields& in) {
  const auto a = pep440::parse(in.at(1));
  const auto b = pep440::parse(in.at(2));
  if (!a || !b) return "invalid";
  const int sign = pep440::compare(*a, *b);
  return sign < 0 ? "-1" : sign > 0 ? "1" : "0";
}

std::string satisfies(const Fields& in) {
  const auto set = pep440::parse_specifiers(in.at(1));
  const auto version = pep440::parse(in.at(2));
  if (!set || !version) return "invalid";
  return pep440::contains(*set, *version) ? "true" : "false";
}

// name|extras|every clause sorted|is there a marker
std::string requirement(const Fields& in) {
  const auto out = pep508::parse_requirement(in.at(1));
  if (!out) return "invalid";
  auto extras = out->extras;
  std::ranges::sort(extras);
  std::vector<std::string> clauses;
  for (const auto clause : split(out->specifier, ','))
    if (!clause.empty()) clauses.emplace_back(clause);
  std::ranges::sort(clauses);
  return out->name + "|" + join(extras, ",") + "|" + join(clauses, ",") + "|" + (out->marker.empty() ? "no" : "yes");
}

// marker, then name=value for what differs from this platform
std::string marker(const Fields& in) {
  auto environment = pep508::environment_of(Platform::linux_x86_64);
  for (std::size_t i = 2; i < in.size(); ++i) {
    const auto equals = in[i].find('=');
    environment[std::string(in[i].substr(0, equals))] = in[i].substr(equals + 1);
  }
  const auto value = pep508::evaluate_marker(in.at(1), environment);
  return !value ? "invalid" : *value ? "true" : "false";
}

std::string answer(const Fields& in) {
  if (in[0] == "version" && in.size() == 2) return normal(in);
  if (in[0] == "compare" && in.size() == 3) return order(in);
  if (in[0] == "contains" && in.size() == 3) return satisfies(in);
  if (in[0] == "requirement" && in.size() == 2) return requirement(in);
  if (in[0] == "marker" && in.size() >= 2) return marker(in);
  return "what?";
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(split(line, '\t')) << '\n';
}
