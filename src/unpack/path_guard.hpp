// Decides for each member of an archive whether it may be written, before anything is. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/net.hpp"

namespace cudaenv::unpack {

/// Bounds of one archive; each is an integrity error when passed.
struct Limits {
  std::uint64_t members = 200'000;
  std::uint64_t total_bytes = 64ULL << 30;
  std::uint64_t ratio = 200;                   // unpacked : packed, looked at above ratio_from
  std::uint64_t ratio_from = 64ULL << 20;
  std::size_t path_bytes = 1024;
  std::size_t depth = 64;
};

/// Why a member is refused: a stable name, printed with the member.
enum class Rule : std::uint8_t {
  absolute_path,
  parent_component,
  empty_component,
  control_character,
  invalid_utf8,
  confusing_character,  // bidi controls, zero-width, combining marks: two names that look the same
  backslash,
  path_too_long,
  path_too_deep,
  duplicate,
  case_clash,
  below_link,
  below_file,
  link_absolute,
  link_leaves_tree,
  link_malformed,
  link_loop,
  hard_link_target,
  special_file,
  special_mode,  // setuid, setgid, sticky
  sparse_file,
  too_many_members,
  too_large,
  ratio,
};
/// "parent-component", …
[[nodiscard]] std::string_view rule_name(Rule rule);

/// The rule that a relative path breaks by itself, if any.
[[nodiscard]] std::optional<Rule> check_path(std::string_view path, const Limits& limits);
/// The rule that a symbolic link at `path` with this target breaks by itself, if any. `..` may only stand in
/// front: `a/../b` would mean another place once `a` is a link.
[[nodiscard]] std::optional<Rule> check_link(std::string_view path, std::string_view target, const Limits& limits);

/// Sees every member of one archive in order and remembers what it needs for the rules about several.
class PathGuard {
 public:
  /// `archive_bytes`: the packed size, for the ratio.
  PathGuard(const Limits& limits, std::uint64_t archive_bytes) : limits_(limits), archive_bytes_(archive_bytes) {}

  /// The member's clean path (a folder's without its last slash), or Code::integrity naming member and rule.
  [[nodiscard]] Result<std::string> admit(const ArchiveMember& member);
  /// After the last member: rules that need all of them (link loops).
  [[nodiscard]] Result<void> finish() const;

 private:
  struct Seen {
    ArchiveMember::Type type;
    std::string path, target;
    bool implied = false;  // a folder that was only a parent so far
  };
  [[nodiscard]] std::optional<Rule> claim(const ArchiveMember& member, const std::string& path);
  [[nodiscard]] std::optional<Rule> claim_parents(const std::string& path);
  [[nodiscard]] std::optional<Rule> count(const ArchiveMember& member);
  [[nodiscard]] std::optional<Rule> check_hard_link(const ArchiveMember& member) const;
  [[nodiscard]] const Seen* next_hop(const Seen& link) const;

  Limits limits_;
  std::uint64_t archive_bytes_;
  std::uint64_t members_ = 0, bytes_ = 0;
  std::map<std::string, Seen, std::less<>> seen_;  // by case-folded path
};

}  // namespace cudaenv::unpack
