#include "loader/elf_object.hpp"

#include <algorithm>
#include <random>

#include "sys/fs.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::loader;

namespace {

struct Folder {
  std::string path = fs::make_temp_folder("/tmp", "cudaenv-elf-").value();
  ~Folder() { (void)fs::remove_tree(path); }
  [[nodiscard]] std::string file(const std::string& name, std::string_view bytes) const {
    const auto to = path + "/" + name;
    (void)fs::write_file_atomic(to, bytes, 0644);
    return to;
  }
};

// A part of this very program, with all headers but little else.
std::string own_start() { return fs::read_at("/proc/self/exe", 0, 1 << 16).value(); }

}  // namespace

TEST_CASE("elf: this program's own headers") {
  const auto object = read_object(std::string("/proc/self/exe"));
  REQUIRE(object);
  CHECK(object->dynamic);
  CHECK(object->interpreter.find("ld-linux") != std::string::npos);
  CHECK(std::count(object->needed.begin(), object->needed.end(), "libc.so.6") == 1);
  CHECK(object->soname.empty());
  const auto libc = std::find_if(object->version_needs.begin(), object->version_needs.end(),
                                 [](const auto& need) { return need.file == "libc.so.6"; });
  REQUIRE(libc != object->version_needs.end());
  CHECK(std::any_of(libc->versions.begin(), libc->versions.end(), [](const auto& one) { return one.starts_with("GLIBC_2."); }));
}

TEST_CASE("elf: sections have names and lie in the file") {
  const auto file = ElfFile::open("/proc/self/exe");
  REQUIRE(file);
  const auto sections = file->sections();
  REQUIRE(sections);
  CHECK(std::any_of(sections->begin(), sections->end(), [](const auto& one) { return one.name == ".dynstr"; }));
  for (const auto& one : *sections)
    if (one.type != section_without_bytes) CHECK(one.offset + one.size <= file->size());
}

TEST_CASE("elf: what is none, is cut short or lies is an error with the file's name") {
  const Folder folder;
  const auto refuse = [&](std::string_view bytes) {
    const auto object = read_object(folder.file("bad", bytes));
    REQUIRE_FALSE(object);
    CHECK(object.error().code == Code::integrity);
    CHECK(object.error().what.find("bad") != std::string::npos);
  };
  refuse("");
  refuse("#!/bin/sh\n");
  refuse("\x7f" "ELF");
  refuse(own_start().substr(0, 63));
  auto many = own_start();
  many[56] = many[57] = '\xff';  // e_phnum
  refuse(many);
  auto foreign = own_start();
  foreign[4] = 1;  // ELFCLASS32
  refuse(foreign);
}

TEST_CASE("elf: a file of another class or machine does not fit") {
  const Folder folder;
  auto bytes = own_start();
  const auto own = ElfFile::open("/proc/self/exe");
  REQUIRE(own);
  CHECK(own->fits(own->machine()));
  bytes[4] = 1;
  const auto narrow = ElfFile::open(folder.file("narrow", bytes));
  REQUIRE(narrow);
  CHECK(narrow->bits() == 32);
  CHECK_FALSE(narrow->fits(own->machine()));
}

TEST_CASE("elf: 4,000 damaged copies of a real library are read or refused") {
  const Folder folder;
  const auto libc = fs::read_file("/lib64/ld-linux-x86-64.so.2", 4 << 20);
  if (!libc) SUCCEED("no library of this name on this machine");
  const auto whole = libc ? *libc : fs::read_file("/proc/self/exe", 512 << 20).value();
  std::mt19937_64 random(7);
  int read = 0;
  for (int i = 0; i < 4000; ++i) {
    auto bytes = whole;
    // Mostly in the headers and tables at the front, where every byte means something.
    for (auto left = 1 + random() % 8; left > 0; --left) bytes[random() % std::min<std::size_t>(bytes.size(), i % 2 ? 1024 : 32768)] = static_cast<char>(random());
    if (i % 5 == 0) bytes.resize(random() % bytes.size());
    const auto path = folder.path + "/mutant";
    (void)fs::remove_file(path);
    REQUIRE(fs::write_new_file(path, bytes, 0644));
    const auto object = read_object(path);
    read += object.has_value() ? 1 : 0;
    if (const auto file = ElfFile::open(path)) (void)file->sections();
  }
  CHECK(read > 0);
  CHECK(read < 4000);
}
