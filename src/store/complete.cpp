#include "store/complete.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "store/elf_soname.hpp"
#include "store/link_stubs.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

struct LibraryName {
  std::string stem;                   // "libcudart.so"
  std::vector<std::uint64_t> number;  // 13, 0, 96; empty for the unversioned name
};

std::optional<LibraryName> parse_library(std::string_view name) {
  const auto at = name.rfind(".so");
  if (at == std::string_view::npos || !name.starts_with("lib")) return std::nullopt;
  LibraryName out{std::string(name.substr(0, at + 3)), {}};
  auto rest = name.substr(at + 3);
  if (rest.empty()) return out;
  if (rest.front() != '.') return std::nullopt;
  for (const auto part : split(rest.substr(1), '.')) {
    const auto value = parse_u64(part);
    if (!value) return std::nullopt;
    out.number.push_back(*value);
  }
  return out;
}

// Files before links, so that a link leads to a file wherever there is one. A view consists of links.
Result<void> add_soname_links(const std::string& folder) {
  for (const auto type : {fs::Type::file, fs::Type::link})
    for (const auto& name : TRY(fs::list(folder))) {
      const auto path = fs::join(folder, name);
      if (!parse_library(name) || TRY(fs::status(path)).type != type) continue;
      if (TRY(fs::status_of_target(path)).type != fs::Type::file) continue;
      const auto soname = TRY(elf_soname(path));
      if (soname.empty() || !parse_library(soname) || fs::exists(fs::join(folder, soname))) continue;
      TRY(fs::make_link(name, fs::join(folder, soname)));
    }
  return {};
}

Result<void> add_development_links(const std::string& folder) {
  for (const auto& [link, target] : development_links(TRY(fs::list(folder))))
    TRY(fs::make_link(target, fs::join(folder, link)));
  return {};
}

// libnvvm of a 13.x wheel lies in lib/; numba and others ask for <toolkit>/nvvm/lib64.
Result<void> add_nvvm_links(const std::string& tree) {
  const auto folder = fs::join(tree, "nvvm/lib64");
  if (!fs::exists(fs::join(tree, "nvvm")) || fs::exists(folder)) return {};
  std::vector<std::string> libraries;
  for (const auto& name : TRY(fs::list(fs::join(tree, "lib"))))
    if (name.starts_with("libnvvm.so")) libraries.push_back(name);
  if (libraries.empty()) return {};
  TRY(fs::make_folders(folder));
  for (const auto& name : libraries) TRY(fs::make_link("../../lib/" + name, fs::join(folder, name)));
  return {};
}

Result<void> add_version_file(const std::string& tree, const Version& version) {
  const auto path = fs::join(tree, "version.json");
  if (fs::exists(path)) return {};
  const auto text = fmt::format("{{\n   \"cuda\" : {{\n      \"name\" : \"CUDA SDK\",\n      \"version\" : \"{}\"\n   }}\n}}\n",
                                to_text(version).view());
  return fs::write_new_file(path, text, 0444);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> development_links(const std::vector<std::string>& names) {
  struct Best {
    std::string name;
    std::vector<std::uint64_t> number;
  };
  std::map<std::string, Best> best;
  for (const auto& name : names) {
    const auto library = parse_library(name);
    if (!library || library->number.empty()) continue;
    auto& now = best[library->stem];
    // Of libX.so.13 and libX.so.13.0.96 the SONAME's short one is meant; of .so.12 and .so.13 the newer.
    const auto common = std::min(now.number.size(), library->number.size());
    const bool extends = std::equal(now.number.begin(), now.number.begin() + static_cast<std::ptrdiff_t>(common),
                                    library->number.begin());
    const bool better = now.name.empty() || (extends ? library->number.size() < now.number.size()
                                                     : library->number > now.number);
    if (better) now = {name, library->number};
  }
  std::vector<std::pair<std::string, std::string>> links;
  for (const auto& [stem, library] : best)
    if (std::find(names.begin(), names.end(), stem) == names.end()) links.emplace_back(stem, library.name);
  return links;
}

Result<void> complete_tree(const std::string& tree, const Version& version, Platform platform) {
  for (const std::string_view inside : {"lib", "nvvm/lib64"}) {
    const auto folder = fs::join(tree, inside);
    TRY(add_soname_links(folder));
    TRY(add_development_links(folder));
  }
  TRY(add_soname_links(fs::join(tree, "compat")));  // nobody links with these: no development links
  TRY(add_nvvm_links(tree));
  TRY(write_link_stubs(tree, platform));
  // nvcc.profile and build systems look in lib64.
  if (fs::exists(fs::join(tree, "lib")) && !fs::exists(fs::join(tree, "lib64")))
    TRY(fs::make_link("lib", fs::join(tree, "lib64")));
  return add_version_file(tree, version);
}

}  // namespace cudaenv::store
