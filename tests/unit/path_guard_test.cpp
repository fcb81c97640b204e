#include "unpack/path_guard.hpp"

#include <set>

#include "unit/catch.hpp"
#include "unpack/names.hpp"

using namespace cudaenv;
using namespace cudaenv::unpack;
using Type = ArchiveMember::Type;

namespace {

ArchiveMember file(std::string path, std::uint64_t size = 1) { return {Type::file, std::move(path), {}, 0644, size, false}; }
ArchiveMember folder(std::string path) { return {Type::folder, std::move(path), {}, 0755, 0, false}; }
ArchiveMember soft(std::string path, std::string target) { return {Type::symlink, std::move(path), std::move(target), 0777, 0, false}; }
ArchiveMember hard(std::string path, std::string target) { return {Type::hardlink, std::move(path), std::move(target), 0644, 0, false}; }
ArchiveMember special(std::string path, std::uint32_t mode) { return {Type::file, std::move(path), {}, mode, 1, false}; }

/// The rule that the members break, "" when all are taken.
std::string verdict(const std::vector<ArchiveMember>& members, const Limits& limits = {}, std::uint64_t packed = 1 << 20) {
  PathGuard guard(limits, packed);
  const auto rule_in = [](const Error& error) {
    CHECK(error.code == Code::integrity);
    return error.causes.at(0).substr(std::string("it breaks the rule ").size());
  };
  for (const auto& member : members)
    if (const auto taken = guard.admit(member); !taken) return rule_in(taken.error());
  if (const auto end = guard.finish(); !end) return rule_in(end.error());
  return "";
}

std::string nested(std::size_t depth) {
  std::string path = "d";
  for (std::size_t i = 1; i < depth; ++i) path += "/d";
  return path;
}

}  // namespace

TEST_CASE("what a path may be", "[unpack]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"bin/nvcc", ""},
      {"a", ""},
      {".hidden", ""},
      {"...", ""},
      {"a..b/..c", ""},
      {"name with space", ""},
      {"lib\xc3\xa9", ""},
      {"", "empty-component"},
      {".", "empty-component"},
      {"./a", "empty-component"},
      {"a/./b", "empty-component"},
      {"a//b", "empty-component"},
      {"a/", "empty-component"},
      {"..", "parent-component"},
      {"../a", "parent-component"},
      {"a/../b", "parent-component"},
      {"a/..", "parent-component"},
      {"/etc/passwd", "absolute-path"},
      {"/", "absolute-path"},
      {"C:/windows", "absolute-path"},
      {"c:x", "absolute-path"},
      {"a\\b", "backslash"},
      {"..\\a", "backslash"},
      {"a\nb", "control-character"},
      {std::string("a\0b", 3), "control-character"},
      {"a\x1b[2J", "control-character"},
      {"a\x7f", "control-character"},
      {"a\xc2\x85", "control-character"},
      {"a\xff", "invalid-utf8"},
      {"a\xc0\xaf", "invalid-utf8"},
      {"a\xed\xa0\x80", "invalid-utf8"},
      {"a\xe2\x80\xae" "b", "confusing-character"},  // right-to-left override
      {"a\xe2\x80\x8b", "confusing-character"},      // zero-width space
      {"e\xcc\x81", "confusing-character"},          // combining acute
      {"\xe2\x84\xaa", "confusing-character"},       // Kelvin sign
      {std::string(255, 'a'), ""},
      {std::string(256, 'a'), "path-too-long"},
      {std::string(1025, 'a'), "path-too-long"},
      {nested(64), ""},
      {nested(65), "path-too-deep"},
      {nested(400), "path-too-deep"},
  };
  for (const auto& [path, rule] : table) {
    CAPTURE(path);
    CHECK(verdict({file(path)}) == rule);
  }
}

TEST_CASE("where a link may point", "[unpack]") {
  struct Row {
    std::string path, target, rule;
  };
  const std::vector<Row> table{
      {"lib64", "lib", ""},
      {"nvvm/lib64", "../lib", ""},
      {"a/b/c", "../../lib", ""},
      {"lib/libx.so", "libx.so.1", ""},
      {"lib/libx.so", "./libx.so.1", ""},
      {"a/b", "..", ""},
      {"a", "", "link-malformed"},
      {"a", "b//c", "link-malformed"},
      {"a", "b/", "link-malformed"},
      {"a", "b/../c", "link-malformed"},  // elsewhere once b is a link
      {"a", "..", "link-leaves-tree"},
      {"a", "../b", "link-leaves-tree"},
      {"a/b", "../../c", "link-leaves-tree"},
      {"a/b", "./../../c", "link-leaves-tree"},
      {"a", "/etc", "link-absolute"},
      {"a", "C:/x", "link-absolute"},
      {"a", ".", "link-loop"},
      {"a", "a", "link-loop"},
      {"a/b", "../a/b", "link-loop"},
      {"a", "b\nc", "control-character"},
      {"a", "b\\c", "backslash"},
      {"a", std::string(1025, 'x'), "path-too-long"},
  };
  for (const auto& row : table) {
    CAPTURE(row.path, row.target);
    CHECK(verdict({soft(row.path, row.target)}) == row.rule);
  }
}

TEST_CASE("rules about several members", "[unpack]") {
  CHECK(verdict({folder("a"), file("a/b"), folder("a/c/")}) == "");
  CHECK(verdict({file("a/b"), folder("a")}) == "");
  CHECK(verdict({file("a"), file("a")}) == "duplicate");
  CHECK(verdict({folder("a"), folder("a/")}) == "duplicate");
  CHECK(verdict({file("a/b"), folder("a"), folder("a")}) == "duplicate");
  CHECK(verdict({file("a"), folder("a")}) == "duplicate");
  CHECK(verdict({file("README"), file("readme")}) == "case-clash");
  CHECK(verdict({file("Lib/a"), file("lib/b")}) == "case-clash");
  CHECK(verdict({file("\xc3\x89t\xc3\xa9"), file("\xc3\xa9t\xc3\x89")}) == "case-clash");
  CHECK(verdict({file("a"), file("a/b")}) == "below-file");
  CHECK(verdict({file("a/b"), file("a")}) == "below-file");
  CHECK(verdict({soft("a", "b"), file("a/c")}) == "below-link");
  CHECK(verdict({file("a/c"), soft("a", "b")}) == "below-link");
  CHECK(verdict({soft("a", "b"), file("A/c")}) == "case-clash");
  CHECK(verdict({soft("a", "b"), soft("a", "c")}) == "duplicate");
  CHECK(verdict({soft("a", "b"), soft("b", "a")}) == "link-loop");
  CHECK(verdict({soft("a", "b/x"), soft("b", "a/y")}) == "link-loop");
  CHECK(verdict({soft("a", "b"), soft("b", "c"), folder("c")}) == "");
  CHECK(verdict({file("a"), hard("b", "a"), hard("c", "b")}) == "");
  CHECK(verdict({hard("b", "a"), file("a")}) == "hard-link-target");
  CHECK(verdict({folder("a"), hard("b", "a")}) == "hard-link-target");
  CHECK(verdict({soft("a", "c"), hard("b", "a")}) == "hard-link-target");
  CHECK(verdict({file("a"), hard("b", "A")}) == "hard-link-target");
  CHECK(verdict({hard("b", "/etc/passwd")}) == "hard-link-target");
  CHECK(verdict({hard("b", "../a")}) == "hard-link-target");
}

TEST_CASE("kinds and modes that are never taken", "[unpack]") {
  CHECK(verdict({{Type::other, "dev/null", {}, 0666, 0, false}}) == "special-file");
  for (const std::uint32_t mode : {04755U, 02755U, 01777U, 06644U}) CHECK(verdict({special("a", mode)}) == "special-mode");
  CHECK(verdict({{Type::folder, "a", {}, 02755, 0, false}}) == "special-mode");
  CHECK(verdict({{Type::file, "a", {}, 0644, 1, true}}) == "sparse-file");
}

TEST_CASE("bounds of an archive", "[unpack]") {
  Limits limits;
  limits.members = 2;
  CHECK(verdict({file("a"), file("b")}, limits) == "");
  CHECK(verdict({file("a"), file("b"), file("c")}, limits) == "too-many-members");
  CHECK(verdict({file(nested(4))}, limits) == "too-many-members");
  limits = {};
  limits.total_bytes = 10;
  CHECK(verdict({file("a", 5), file("b", 5)}, limits) == "");
  CHECK(verdict({file("a", 5), file("b", 6)}, limits) == "too-large");
  CHECK(verdict({file("a", ~0ULL)}, limits) == "too-large");
  CHECK(verdict({file("a", 5), file("b", ~0ULL - 2)}) == "too-large");
  CHECK(verdict({file("a", 64U << 20)}, {}, 1000) == "");
  CHECK(verdict({file("a", (64U << 20) + 1)}, {}, 1000) == "ratio");
  CHECK(verdict({file("a", 200U << 20)}, {}, 1U << 20) == "");
}

TEST_CASE("every rule has a name of its own", "[unpack]") {
  std::set<std::string_view> names;
  for (int rule = 0; rule <= static_cast<int>(Rule::ratio); ++rule) names.insert(rule_name(static_cast<Rule>(rule)));
  CHECK(names.size() == static_cast<std::size_t>(Rule::ratio) + 1);
}
