#include "unit/catch.hpp"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "project/find_pin.hpp"
#include "sys/fs.hpp"

using namespace cudaenv;
using namespace cudaenv::project;

namespace {

struct Folder {
  std::string path;
  Folder() {
    auto made = fs::make_temp_folder(std::filesystem::temp_directory_path().string(), "cudaenv-pin-");
    REQUIRE(made);
    path = *made;
    REQUIRE(fs::make_folders(path + "/home/p/deep/er"));
  }
  ~Folder() { (void)fs::remove_tree(path); }
  void write(const std::string& name, std::string_view text) const { REQUIRE(fs::write_file_atomic(path + name, text)); }
  FoundPin find(const std::string& from, const std::string& home = "/home") const {
    auto found = find_pin(path + from, path + home, ::geteuid());
    REQUIRE(found);
    return *found;
  }
};

}  // namespace

TEST_CASE("the nearest file wins, and the walk ends at home") {
  const Folder folder;
  folder.write("/.cudaenv", "11.8\n");
  CHECK(folder.find("/home/p/deep/er").pin == nullptr);
  CHECK(folder.find("/home/p/deep/er", "/home/").pin == nullptr);
  CHECK(folder.find("/home/p/deep/er", "/elsewhere").pin->pin.toolkit.text == "11.8");
  folder.write("/home/.cudaenv", "12.4\n");
  CHECK(folder.find("/home/p/deep/er").pin->path == folder.path + "/home/.cudaenv");
  folder.write("/home/p/.cudaenv", "12.8\n");
  CHECK(folder.find("/home/p/deep/er").pin->pin.toolkit.text == "12.8");
  CHECK(folder.find("/home").pin->pin.toolkit.text == "12.4");
}

TEST_CASE("a deleted working directory has no file") {
  const auto found = find_pin("", "/home", 0);
  REQUIRE(found);
  CHECK(found->pin == nullptr);
}

TEST_CASE("what is no small regular file is an error") {
  const Folder folder;
  const auto pin = folder.path + "/home/p/.cudaenv";
  const auto error = [&] {
    const auto found = find_pin(folder.path + "/home/p/deep", folder.path + "/home", ::geteuid());
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::config);
    return found.error().what + ": " + (found.error().causes.empty() ? "" : found.error().causes.front());
  };
  REQUIRE(::mkfifo(pin.c_str(), 0644) == 0);
  CHECK(error().find("not a regular file") != std::string::npos);
  REQUIRE(fs::remove_file(pin));
  REQUIRE(::symlink("/dev/zero", pin.c_str()) == 0);
  CHECK(error().find("not a regular file") != std::string::npos);
  REQUIRE(fs::remove_file(pin));
  REQUIRE(fs::make_folders(pin));
  CHECK(error().find("not a regular file") != std::string::npos);
  REQUIRE(fs::remove_tree(pin));
  folder.write("/home/p/.cudaenv", std::string(pinfile_max_bytes + 1, '#'));
  CHECK(error().find("larger than 64 KiB") != std::string::npos);
  folder.write("/home/p/.cudaenv", "\n  $(id)\n");
  CHECK(error().find(pin + ":2:3") != std::string::npos);
  REQUIRE(fs::remove_file(pin));
  REQUIRE(::symlink("nowhere", pin.c_str()) == 0);
  CHECK(folder.find("/home/p").pin == nullptr);
}

TEST_CASE("a file of another owner is passed over, also through a link") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can make a file of another owner");
    return;
  }
  const Folder folder;
  folder.write("/home/.cudaenv", "12.4\n");
  folder.write("/home/p/.cudaenv", "12.8\n");
  REQUIRE(::chown((folder.path + "/home/p/.cudaenv").c_str(), 12345, 12345) == 0);
  auto found = folder.find("/home/p/deep");
  CHECK(found.pin->pin.toolkit.text == "12.4");
  REQUIRE(found.ignored.size() == 1);
  CHECK(found.ignored[0].find("belongs to user 12345") != std::string::npos);
  REQUIRE(::symlink("../.cudaenv", (folder.path + "/home/p/deep/.cudaenv").c_str()) == 0);
  folder.write("/home/p/.cudaenv", "12.8\n");
  CHECK(folder.find("/home/p/deep").pin->pin.toolkit.text == "12.8");
  REQUIRE(::lchown((folder.path + "/home/p/deep/.cudaenv").c_str(), 12345, 12345) == 0);
  CHECK(folder.find("/home/p/deep").pin->path == folder.path + "/home/p/.cudaenv");
  CHECK(folder.find("/home/p/deep").ignored.size() == 1);
}
