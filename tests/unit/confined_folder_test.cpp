#include "sys/confined_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/fs.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using How = ConfinedFolder::How;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

struct TempFolder {
  std::string path = *fs::make_temp_folder("/tmp", "cudaenv-unit-");
  ~TempFolder() { (void)fs::remove_tree(path); }
};

}  // namespace

TEST_CASE("a confined folder makes what is asked, with exact modes", "[confined]") {
  const auto how = GENERATE(How::openat2, How::step_by_step);
  const TempFolder temp;
  const auto old = ::umask(077);
  auto root = ConfinedFolder::open(temp.path, how);
  REQUIRE(root);
  REQUIRE(root->make_folder("a"));
  REQUIRE(root->make_folder("a/b"));
  auto file = root->make_file("a/b/tool", 0755, 3 << 20);
  REQUIRE(file);
  REQUIRE(file->append(bytes("text")));
  REQUIRE(file->close());
  REQUIRE(root->make_link("b/tool", "a/link"));
  REQUIRE(root->make_hard_link("a/b/tool", "same"));
  ::umask(old);
  CHECK(fs::status(temp.path + "/a/b")->mode == 0755);
  CHECK(fs::status(temp.path + "/a/b/tool")->mode == 0755);
  CHECK(fs::read_link(temp.path + "/a/link") == "b/tool");
  CHECK(fs::status(temp.path + "/same")->inode == fs::status(temp.path + "/a/b/tool")->inode);
  // Room was reserved for 3 MiB, four bytes came.
  CHECK(fs::read_file(temp.path + "/same", 4U << 20)->substr(0, 4) == "text");
}

TEST_CASE("a confined folder is never left, and nothing is replaced", "[confined]") {
  const auto how = GENERATE(How::openat2, How::step_by_step);
  const TempFolder temp, outside;
  REQUIRE(fs::write_file_atomic(temp.path + "/there", "old"));
  REQUIRE(fs::link_atomic(outside.path, temp.path + "/out"));
  REQUIRE(fs::link_atomic(".", temp.path + "/self"));
  auto root = ConfinedFolder::open(temp.path, how);
  REQUIRE(root);
  for (const char* path : {"../x", "a/../../x", "/x", "", ".", "a//x", "out/x", "self/x", "out", "there", "there/x", "missing/x"}) {
    CAPTURE(path);
    CHECK_FALSE(root->make_file(path, 0644));
    CHECK_FALSE(root->make_folder(path));
    CHECK_FALSE(root->make_link("there", path));
    CHECK_FALSE(root->make_hard_link("there", path));
  }
  CHECK_FALSE(root->make_hard_link("out/x", "new"));
  CHECK_FALSE(root->make_hard_link("../" + fs::base_name(outside.path), "new"));
  CHECK(fs::list(outside.path)->empty());
  CHECK(fs::read_file(temp.path + "/there", 10) == "old");
  CHECK(fs::list(temp.path) == std::vector<std::string>{"out", "self", "there"});
}
