#include "catalog/wheel_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "catalog/pep508.hpp"
#include "model/pep440.hpp"

namespace cudaenv {

namespace {

// The names that PEP 513, 571 and 599 gave to glibc levels before PEP 600.
constexpr std::array<std::pair<std::string_view, unsigned>, 3> old_levels{
    {{"manylinux1_", 5}, {"manylinux2010_", 12}, {"manylinux2014_", 17}}};

std::vector<std::string> tags(std::string_view text) {
  std::vector<std::string> out;
  for (const auto part : split(text, '.'))
    if (!part.empty()) out.emplace_back(part);
  return out;
}

bool safe(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+!") ==
         std::string_view::npos;
}

// "manylinux_2_28_x86_64" -> 28.
std::optional<unsigned> tag_floor(std::string_view tag, std::string_view machine) {
  if (tag == "any") return 0;
  if (!tag.ends_with(machine)) return std::nullopt;
  tag.remove_suffix(machine.size());
  for (const auto& [name, level] : old_levels)
    if (tag == name) return level;
  if (tag == "linux_") return 0;
  constexpr std::string_view prefix = "manylinux_2_";
  if (!tag.starts_with(prefix) || !tag.ends_with('_')) return std::nullopt;
  const auto level = parse_u64(tag.substr(prefix.size(), tag.size() - prefix.size() - 1));
  if (!level || *level > 9999) return std::nullopt;
  return static_cast<unsigned>(*level);
}

}  // namespace

std::optional<WheelName> parse_wheel_name(std::string_view filename) {
  if (filename.size() > 512 || !filename.ends_with(".whl") || !safe(filename)) return std::nullopt;
  const auto parts = split(filename.substr(0, filename.size() - 4), '-');
  if (parts.size() != 5 && parts.size() != 6) return std::nullopt;
  WheelName out;
  out.package = pep508::normalize_name(parts[0]);
  out.version = parts[1];
  if (parts.size() == 6) out.build = parts[2];
  const std::size_t at = parts.size() - 3;
  out.python = tags(parts[at]);
  out.abi = tags(parts[at + 1]);
  out.platform = tags(parts[at + 2]);
  const bool build_ok = parts.size() == 5 || (!out.build.empty() && out.build.front() >= '0' && out.build.front() <= '9');
  if (out.package.empty() || !build_ok || !pep440::parse(out.version)) return std::nullopt;
  if (out.python.empty() || out.abi.empty() || out.platform.empty()) return std::nullopt;
  return out;
}

std::optional<unsigned> glibc_floor(const WheelName& wheel, Platform platform) {
  std::optional<unsigned> lowest;
  for (const auto& tag : wheel.platform)
    if (const auto floor = tag_floor(tag, machine_name(platform))) lowest = std::min(lowest.value_or(*floor), *floor);
  return lowest;
}

unsigned glibc_level(const WheelName& wheel, Platform platform) {
  unsigned highest = 0;
  for (const auto& tag : wheel.platform) highest = std::max(highest, tag_floor(tag, machine_name(platform)).value_or(0));
  return highest;
}

std::string unfit_reason(const WheelName& wheel, const WheelTarget& target) {
  const auto floor = glibc_floor(wheel, target.platform);
  if (!floor) return "is for " + join(wheel.platform, ", ") + ", not " + std::string(machine_name(target.platform));
  if (std::ranges::none_of(wheel.python, [](const auto& tag) { return tag == "py3" || tag == "cp3"; }) ||
      std::ranges::find(wheel.abi, "none") == wheel.abi.end())
    return "is bound to one Python (" + join(wheel.python, ".") + "-" + join(wheel.abi, ".") + ")";
  if (target.glibc_minor != 0 && *floor > target.glibc_minor)
    return "needs glibc 2." + std::to_string(*floor) + ", here is 2." + std::to_string(target.glibc_minor);
  return {};
}

}  // namespace cudaenv
