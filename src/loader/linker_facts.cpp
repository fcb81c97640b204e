#include "loader/linker_facts.hpp"

#include "base/text.hpp"

namespace cudaenv::loader {

namespace {

#if defined(__aarch64__)
constexpr std::uint16_t own_machine = 183;
constexpr const char* own_linker = "/lib/ld-linux-aarch64.so.1";
constexpr const char* own_platform = "aarch64";
#else
constexpr std::uint16_t own_machine = 62;
constexpr const char* own_linker = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* own_platform = "x86_64";
#endif

enum class Section { other, path, hwcaps, legacy };

Section section_of(std::string_view line, Section now) {
  if (line.starts_with("Shared library search path")) return Section::path;
  if (line.starts_with("Subdirectories of glibc-hwcaps")) return Section::hwcaps;
  if (line.starts_with("Legacy HWCAP subdirectories")) return Section::legacy;
  return line.empty() || line.front() == ' ' ? now : Section::other;
}

// The linker tries every subset of its legacy names, the first name being the most significant.
std::vector<std::string> subsets(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (unsigned set = (1U << names.size()) - 1; set > 0; --set) {
    std::string path;
    for (std::size_t i = 0; i < names.size(); ++i)
      if ((set >> (names.size() - 1 - i) & 1U) != 0) path += (path.empty() ? "" : "/") + names[i];
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

std::string linker_path() { return own_linker; }

LinkerFacts parse_linker_help(std::string_view text) {
  LinkerFacts facts;
  facts.machine = own_machine;
  facts.platform = own_platform;
  std::vector<std::string> legacy;
  auto section = Section::other;
  for (const auto line : split(text, '\n')) {
    section = section_of(line, section);
    const auto word = trim(line).substr(0, trim(line).find(' '));
    const bool searched = line.find("searched)") != std::string_view::npos;
    if (section == Section::path && word.starts_with('/') && line.find("(system search path)") != std::string_view::npos)
      facts.system_folders.emplace_back(word);
    if (section == Section::hwcaps && searched) facts.hwcaps.emplace_back(word);
    if (section == Section::legacy && searched && legacy.size() < 8) {
      if (line.find("AT_PLATFORM") != std::string_view::npos) facts.platform = word;
      legacy.emplace_back(word);
    }
  }
  // It names the platform first, but searches below tls/ before.
  for (std::size_t i = 1; i < legacy.size(); ++i)
    if (legacy[i] == "tls") std::swap(legacy[0], legacy[i]);
  facts.legacy = subsets(legacy);
  if (!facts.system_folders.empty()) facts.lib = facts.system_folders.front().substr(1);
  if (facts.lib.starts_with("usr/")) facts.lib.erase(0, 4);
  return facts;
}

}  // namespace cudaenv::loader
