// The difference of two environments as code that hook and `use` evaluate.
#include <fmt/format.h>

#include "activate/formats.hpp"
#include "base/text.hpp"

namespace cudaenv::activate {

namespace {

// fish splits variables whose name ends in PATH at colons; given as a list they come out the same.
std::string fish_words(std::string_view name, std::string_view value) {
  if (!name.ends_with("PATH")) return quote_fish(value);
  std::string out;
  for (const auto part : split(value, ':')) out += (out.empty() ? "" : " ") + quote_fish(part);
  return out;
}

template <class Set, class Unset>
void differences(const Variables& from, const Variables& to, Set set, Unset unset) {
  for (const auto& [name, value] : from)
    if (!to.contains(name)) unset(name);
  for (const auto& [name, value] : to)
    if (const auto before = from.find(name); before == from.end() || before->second != value) set(name, value);
}

}  // namespace

std::string script_sh(const Variables& from, const Variables& to) {
  std::string out;
  differences(
      from, to, [&](const auto& name, const auto& value) { out += fmt::format("export {}={}\n", name, quote_sh(value)); },
      [&](const auto& name) { out += fmt::format("unset {}\n", name); });
  return out;
}

std::string script_fish(const Variables& from, const Variables& to) {
  std::string out;
  differences(
      from, to,
      [&](const auto& name, const auto& value) { out += fmt::format("set -gx {} {}\n", name, fish_words(name, value)); },
      [&](const auto& name) { out += fmt::format("set -e {}\n", name); });
  return out;
}

}  // namespace cudaenv::activate
