#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "store/receipt.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t listing_max_bytes = 64 << 20;

std::string line_of(const fs::Entry& entry) {
  const auto& status = entry.status;
  // A folder's size is the file system's affair, a link's mode has no meaning.
  switch (status.type) {
    case fs::Type::folder: return fmt::format("d {:04o} 0 {}", status.mode, entry.path);
    case fs::Type::link: return fmt::format("l 0777 {} {} -> {}", status.size, entry.path, entry.target);
    case fs::Type::file: return fmt::format("f {:04o} {} {}", status.mode, status.size, entry.path);
    default: return fmt::format("o {:04o} 0 {}", status.mode, entry.path);
  }
}

// The path of a listing's line: what the two listings are compared by.
std::string_view path_of(std::string_view line) {
  for (int field = 0; field < 3; ++field) line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  if (const auto arrow = line.find(" -> "); arrow != std::string_view::npos) line = line.substr(0, arrow);
  return line;
}

std::map<std::string_view, std::string_view> by_path(std::string_view text) {
  std::map<std::string_view, std::string_view> lines;
  for (const auto line : split(text, '\n'))
    if (!line.empty()) lines.emplace(path_of(line), line);
  return lines;
}

std::vector<std::string> differences(std::string_view expected, std::string_view found, std::size_t max) {
  std::vector<std::string> out;
  if (expected == found) return out;
  const auto before = by_path(expected), now = by_path(found);
  for (const auto& [path, line] : before) {
    if (out.size() >= max) return out;
    const auto at = now.find(path);
    if (at == now.end())
      out.push_back(std::string(path) + " is missing");
    else if (at->second != line)
      out.push_back(std::string(path) + " was changed");
  }
  for (const auto& [path, line] : now)
    if (out.size() < max && !before.contains(path)) out.push_back(std::string(path) + " does not belong there");
  return out;
}

}  // namespace

Result<Listing> list_tree(const std::string& tree) {
  Listing listing;
  for (const auto& entry : TRY(fs::walk(tree))) {
    if (entry.path == "receipt.toml" || entry.path == "receipt.files") continue;
    if (entry.status.type == fs::Type::file) listing.bytes += entry.status.size, ++listing.files;
    listing.text += line_of(entry) + "\n";
  }
  return listing;
}

Result<std::vector<std::string>> check_listing(const std::string& tree, std::size_t max) {
  const auto expected = fs::read_file(Layout::listing(tree), listing_max_bytes);
  if (!expected) return std::vector<std::string>{"receipt.files is missing"};
  return differences(*expected, TRY(list_tree(tree)).text, max);
}

Result<std::vector<std::string>> check_tree(const Receipt& receipt, std::size_t max) {
  if (TRY(fs::status_of_target(receipt.path)).type != fs::Type::folder)
    return std::vector<std::string>{receipt.path + " is missing"};
  if (auto missing = spot_check(receipt); receipt.linked || !missing.empty())
    return missing.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::move(missing)};
  return check_listing(receipt.path, max);
}

std::string spot_check(const Receipt& receipt) {
  for (const auto& component : receipt.components) {
    if (component.witness.empty()) continue;
    const auto status = fs::status_of_target(fs::join(receipt.path, component.witness));
    if (!status || status->type == fs::Type::missing) return component.witness + " is missing";
  }
  return {};
}

}  // namespace cudaenv::store
