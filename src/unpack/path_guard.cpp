#include "unpack/path_guard.hpp"

#include <array>

#include "base/text.hpp"
#include "unpack/names.hpp"

namespace cudaenv::unpack {

namespace {

constexpr std::size_t max_component_bytes = 255;  // NAME_MAX of every file system of Linux
constexpr unsigned max_link_hops = 40;            // the kernel's own limit

Rule rule_of(BadCharacter bad) {
  switch (bad) {
    case BadCharacter::control: return Rule::control_character;
    case BadCharacter::invalid_utf8: return Rule::invalid_utf8;
    case BadCharacter::confusing: return Rule::confusing_character;
    case BadCharacter::backslash: return Rule::backslash;
  }
  return Rule::control_character;
}

bool has_drive_letter(std::string_view path) {
  const char letter = path.empty() ? '\0' : static_cast<char>(path[0] | 0x20);
  return path.size() >= 2 && path[1] == ':' && letter >= 'a' && letter <= 'z';
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::size_t depth_of(std::string_view folder) { return folder.empty() ? 0 : split(folder, '/').size(); }

/// Where a link at `path` points, as a path in the tree; the target passed check_link.
std::string resolve_link(std::string_view path, std::string_view target) {
  std::string folder(parent_of(path));
  for (const auto component : split(target, '/')) {
    if (component == ".") continue;
    if (component == "..") folder = parent_of(folder);
    else folder += (folder.empty() ? "" : "/") + std::string(component);
  }
  return folder;
}

Error refusal(std::string_view member, Rule rule) {
  return make_error(Code::integrity, "cannot take the member `" + printable(member) + "`",
                    "it breaks the rule " + std::string(rule_name(rule)));
}

}  // namespace

std::string_view rule_name(Rule rule) {
  constexpr std::array<std::string_view, 24> names{
      "absolute-path",    "parent-component", "empty-component",  "control-character", "invalid-utf8",
      "confusing-character", "backslash",     "path-too-long",    "path-too-deep",     "duplicate",
      "case-clash",       "below-link",       "below-file",       "link-absolute",     "link-leaves-tree",
      "link-malformed",   "link-loop",        "hard-link-target", "special-file",      "special-mode",
      "sparse-file",      "too-many-members", "too-large",        "ratio"};
  return names[static_cast<std::size_t>(rule)];
}

std::optional<Rule> check_path(std::string_view path, const Limits& limits) {
  if (path.empty()) return Rule::empty_component;
  if (path.size() > limits.path_bytes) return Rule::path_too_long;
  if (const auto bad = find_bad_character(path)) return rule_of(*bad);
  if (path.front() == '/' || has_drive_letter(path)) return Rule::absolute_path;
  const auto components = split(path, '/');
  if (components.size() > limits.depth) return Rule::path_too_deep;
  for (const auto component : components) {
    if (component.empty() || component == ".") return Rule::empty_component;
    if (component == "..") return Rule::parent_component;
    if (component.size() > max_component_bytes) return Rule::path_too_long;
  }
  return std::nullopt;
}

std::optional<Rule> check_link(std::string_view path, std::string_view target, const Limits& limits) {
  if (target.empty()) return Rule::link_malformed;
  if (target.size() > limits.path_bytes) return Rule::path_too_long;
  if (const auto bad = find_bad_character(target)) return rule_of(*bad);
  if (target.front() == '/' || has_drive_letter(target)) return Rule::link_absolute;
  auto up = depth_of(parent_of(path));
  bool named = false;
  if (target == "." || target == "./") return Rule::link_loop;
  for (const auto component : split(target, '/')) {
    if (component.empty()) return Rule::link_malformed;
    if (component == ".") continue;
    if (component != "..") {
      named = true;
      continue;
    }
    if (named) return Rule::link_malformed;
    if (up == 0) return Rule::link_leaves_tree;
    --up;
  }
  return std::nullopt;
}

Result<std::string> PathGuard::admit(const ArchiveMember& member) {
  auto path = member.path;
  if (member.type == ArchiveMember::Type::folder && path.size() > 1 && path.ends_with('/')) path.pop_back();
  auto broken = count(member);
  if (!broken) broken = check_path(path, limits_);
  if (!broken && member.type == ArchiveMember::Type::other) broken = Rule::special_file;
  if (!broken && (member.mode & 07000U) != 0) broken = Rule::special_mode;
  if (!broken && member.sparse) broken = Rule::sparse_file;
  if (!broken && member.type == ArchiveMember::Type::symlink) broken = check_link(path, member.target, limits_);
  if (!broken && member.type == ArchiveMember::Type::hardlink) broken = check_hard_link(member);
  if (!broken) broken = claim_parents(path);
  if (!broken) broken = claim(member, path);
  if (broken) return fail(refusal(member.path, *broken));
  return path;
}

std::optional<Rule> PathGuard::count(const ArchiveMember& member) {
  if (++members_ > limits_.members) return Rule::too_many_members;
  if (member.type != ArchiveMember::Type::file) return std::nullopt;
  if (member.size > limits_.total_bytes || bytes_ > limits_.total_bytes - member.size) return Rule::too_large;
  bytes_ += member.size;
  if (bytes_ > limits_.ratio_from && bytes_ / limits_.ratio > archive_bytes_) return Rule::ratio;
  return std::nullopt;
}

std::optional<Rule> PathGuard::check_hard_link(const ArchiveMember& member) const {
  if (check_path(member.target, limits_)) return Rule::hard_link_target;
  const auto found = seen_.find(fold_case(member.target));
  const bool is_file = found != seen_.end() && found->second.path == member.target &&
                       (found->second.type == ArchiveMember::Type::file || found->second.type == ArchiveMember::Type::hardlink);
  return is_file ? std::nullopt : std::optional(Rule::hard_link_target);
}

// Every parent is a folder of this very spelling, whether the archive names it or only implies it.
std::optional<Rule> PathGuard::claim_parents(const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto folder = path.substr(0, slash);
    const auto [found, added] = seen_.try_emplace(fold_case(folder), Seen{ArchiveMember::Type::folder, folder, {}, true});
    if (added) continue;
    if (found->second.path != folder) return Rule::case_clash;
    if (found->second.type == ArchiveMember::Type::symlink) return Rule::below_link;
    if (found->second.type != ArchiveMember::Type::folder) return Rule::below_file;
  }
  // Implied folders count too, else a few long names would make millions of them.
  return seen_.size() > limits_.members ? std::optional(Rule::too_many_members) : std::nullopt;
}

std::optional<Rule> PathGuard::claim(const ArchiveMember& member, const std::string& path) {
  const auto [found, added] = seen_.try_emplace(fold_case(path), Seen{member.type, path, member.target, false});
  if (added) return std::nullopt;
  auto& before = found->second;
  if (before.path != path) return Rule::case_clash;
  if (!before.implied) return Rule::duplicate;
  if (member.type == ArchiveMember::Type::symlink) return Rule::below_link;
  if (member.type != ArchiveMember::Type::folder) return Rule::below_file;
  before.implied = false;
  return std::nullopt;
}

Result<void> PathGuard::finish() const {
  for (const auto& [folded, first] : seen_) {
    const Seen* link = &first;
    for (unsigned hops = 0; link != nullptr && link->type == ArchiveMember::Type::symlink; ++hops) {
      if (hops > max_link_hops) return fail(refusal(first.path, Rule::link_loop));
      link = next_hop(*link);
    }
  }
  return {};
}

// The member that the link, or the first link on the way to its target, stands for.
const PathGuard::Seen* PathGuard::next_hop(const Seen& link) const {
  const auto target = resolve_link(link.path, link.target);
  for (auto slash = target.find('/');; slash = target.find('/', slash + 1)) {
    const auto found = seen_.find(fold_case(target.substr(0, slash)));
    if (found == seen_.end()) return nullptr;
    if (found->second.type == ArchiveMember::Type::symlink || slash == std::string::npos) return &found->second;
  }
}

}  // namespace cudaenv::unpack
