#include "loader/fatbin.hpp"

#include <random>

#include "sys/fs.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::loader;

namespace {

std::string number(std::uint64_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i, value >>= 8U) out += static_cast<char>(value & 0xffU);
  return out;
}

struct Entry {
  unsigned kind = 2, arch = 90, isa_major = 0, isa_minor = 0;
  std::uint64_t flags = 0x11;
  std::size_t payload = 64;
};

// Layout: STACKS.md, section 6, written down here a second time, byte by byte.
std::string bytes_of(const Entry& entry) {
  return number(entry.kind, 2) + number(0x0101, 2) + number(64, 4) + number(entry.payload, 8) + number(0, 4) + number(0, 4) +
         number(entry.isa_minor, 2) + number(entry.isa_major, 2) + number(entry.arch, 4) + number(0, 8) +
         number(entry.flags, 8) + number(0, 8) + number(0, 8) + std::string(entry.payload, 'x');
}

std::string container(const std::vector<Entry>& entries) {
  std::string body;
  for (const auto& entry : entries) body += bytes_of(entry);
  return number(0xBA55ED50, 4) + number(1, 2) + number(16, 2) + number(body.size(), 8) + body;
}

struct File {
  std::string folder = fs::make_temp_folder("/tmp", "cudaenv-fatbin-").value();
  ~File() { (void)fs::remove_tree(folder); }
  [[nodiscard]] Result<std::vector<GpuCode>> read(std::string_view bytes) const {
    const auto path = folder + "/code.fatbin";
    (void)fs::remove_file(path);
    (void)fs::write_new_file(path, bytes, 0644);
    return read_gpu_code(path);
  }
};

}  // namespace

TEST_CASE("fat binary: kinds, architectures and PTX ISA of each entry") {
  const File file;
  const auto code = file.read(container({{.kind = 2, .arch = 90, .flags = 0x100011}, {.kind = 2, .arch = 100, .flags = 0x200011},
                                         {.kind = 1, .arch = 80, .isa_major = 8, .isa_minor = 7}, {.kind = 8, .arch = 75}, {.kind = 77}}));
  REQUIRE(code);
  REQUIRE(code->size() == 5);
  CHECK(arch_text((*code)[0]) == "90a");
  CHECK(arch_text((*code)[1]) == "100f");
  CHECK((*code)[2].kind == GpuCode::Kind::ptx);
  CHECK((*code)[2].ptx_isa == 87);
  const auto sum = sum_up(*code);
  CHECK(sum.containers == 1);
  CHECK(sum.sass == std::map<std::string, std::uint32_t>{{"90a", 1}, {"100f", 1}});
  CHECK(sum.lto == std::map<std::string, std::uint32_t>{{"75", 1}});
  CHECK(sum.ptx_isa.at("80") == 87);
  CHECK(sum.other == 1);
}

TEST_CASE("fat binary: architectures are counted per container, not per entry") {
  const File file;
  std::string bytes;
  for (int i = 0; i < 7; ++i) bytes += container({{.arch = 80}, {.arch = 80}, {.arch = 90}});
  bytes += container({{.arch = 89}, {.arch = 80}});
  const auto code = file.read(bytes);
  REQUIRE(code);
  const auto sum = sum_up(*code);
  CHECK(sum.containers == 8);
  CHECK(sum.sass == std::map<std::string, std::uint32_t>{{"80", 8}, {"89", 1}, {"90", 7}});
}

TEST_CASE("fat binary: payloads larger than a piece are passed over") {
  const File file;
  const auto code = file.read(container({{.arch = 80, .payload = 100'000}, {.arch = 90, .payload = 8}}));
  REQUIRE(code);
  CHECK(code->size() == 2);
}

TEST_CASE("fat binary: a bundle's members are in its header's table") {
  const auto member = [](unsigned arch) {
    return number(2, 2) + number(0x0101, 2) + number(0, 4) + number(64, 8) + number(0, 4) + number(64, 4) + number(0, 4) +
           number(arch, 4) + number(0, 8) + number(0x11, 8) + number(0, 16) + number(72, 4) + number(3, 4) + std::string("abc\0\0\0\0\0", 8);
  };
  const auto members = member(80) + member(90);
  const auto table = number(2, 4) + number(8 + members.size(), 4) + members;
  const auto entry = number(256, 2) + number(0x0101, 2) + number(64 + table.size(), 4) + number(16, 8) + std::string(48, '\0') +
                     table + std::string(16, 'x');
  const File file;
  const auto code = file.read(number(0xBA55ED50, 4) + number(1, 2) + number(16, 2) + number(entry.size(), 8) + entry);
  REQUIRE(code);
  CHECK(sum_up(*code).sass == std::map<std::string, std::uint32_t>{{"80", 1}, {"90", 1}});
}

TEST_CASE("fat binary: sizes that leave their container are refused") {
  const File file;
  auto bytes = container({{.arch = 80}, {.arch = 90}});
  bytes.replace(16 + 8, 8, number(1ULL << 62U, 8));  // payload of the first entry
  const auto code = file.read(bytes);
  REQUIRE_FALSE(code);
  CHECK(code.error().code == Code::integrity);
  auto overflow = container({{.arch = 80}});
  overflow.replace(8, 8, number(~0ULL, 8));
  CHECK_FALSE(file.read(overflow));
  CHECK_FALSE(file.read(container({{.arch = 80}}) + std::string(16, 'y')));
}

TEST_CASE("fat binary: 20,000 damaged ones are read or refused") {
  const File file;
  const auto whole = container({{.arch = 80}, {.kind = 1, .arch = 90, .isa_major = 9}}) + container({{.kind = 256, .arch = 0}}) + container({{.arch = 75}});
  std::mt19937_64 random(11);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = whole;
    for (auto left = 1 + random() % 6; left > 0; --left) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 7 == 0) bytes.resize(random() % bytes.size());
    read += file.read(bytes).has_value() ? 1 : 0;
  }
  CHECK(read > 0);
  CHECK(read < 20'000);
}
