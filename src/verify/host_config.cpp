#include "verify/host_config.hpp"

#include <optional>
#include <vector>

#include "base/text.hpp"

namespace cudaenv::verify {

namespace {

// The number behind `name <operator>` in a condition, or none: "16" of "__GNUC__ > 16" for ">", not for ">=".
std::optional<int> bound(std::string_view condition, std::string_view name, std::string_view sign) {
  for (auto at = condition.find(name); at != std::string_view::npos; at = condition.find(name, at + 1)) {
    auto rest = trim(condition.substr(at + name.size()));
    if (!rest.starts_with(sign)) continue;
    rest = trim(rest.substr(sign.size()));
    const auto digits = rest.substr(0, rest.find_first_not_of("0123456789"));
    if (const auto number = parse_u64(digits); number && *number < 1000) return static_cast<int>(*number);
  }
  return std::nullopt;
}

void read_limits(std::string_view condition, std::string_view name, int& least, int& most) {
  if (const auto number = bound(condition, name, ">")) most = *number;
  if (const auto number = bound(condition, name, ">=")) most = *number - 1;
  if (const auto number = bound(condition, name, "<")) least = *number;
  if (const auto number = bound(condition, name, "<=")) least = *number + 1;
}

// Another product's compiler, which only looks like clang.
bool is_of_another(std::string_view condition) {
  for (const std::string_view name : {"__GRCO_CLANG_COMPILER__", "__HORIZON__", "__ibmxl_vrm__", "__ICC"})
    if (condition.find(name) != std::string_view::npos && condition.find("!defined(" + std::string(name)) == std::string_view::npos)
      return true;
  return false;
}

}  // namespace

HostLimits read_host_limits(std::string_view header) {
  HostLimits limits;
  std::vector<bool> others;  // for each open #if: does it speak of another product?
  for (const auto line : split(header, '\n')) {
    auto text = trim(line);
    if (!text.starts_with('#')) continue;
    text = trim(text.substr(1));
    if (text.starts_with("endif")) {
      if (!others.empty()) others.pop_back();
    } else if (text.starts_with("if")) {
      const bool other = (!others.empty() && others.back()) || is_of_another(text);
      others.push_back(other);
      if (other) continue;
      read_limits(text, "__GNUC__", limits.gcc_min, limits.gcc_max);
      read_limits(text, "__clang_major__", limits.clang_min, limits.clang_max);
    }
  }
  return limits;
}

}  // namespace cudaenv::verify
