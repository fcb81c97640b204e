// Forward compatibility: the note of a compat libcuda from bytes that may be hostile, and who may use one.
#include "verify/compat.hpp"

#include "store/canonical.hpp"
#include "sys/fs.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using verify::CompatJudgement;
using May = CompatJudgement::May;

namespace {

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

struct Shape {
  std::string json = R"({"format":1,"CUDA version":"12.9","driver":[535,550,575],"device":[1,2,7]})";
  std::string name = "NVIDIA Corporation";
  std::string section = ".note.cuda.fwd_compatibility";
  std::uint32_t type = 7;
};

// An ELF64 file of three sections: nothing, the note, the names.
std::string elf_with(const Shape& shape = {}) {
  std::string names = std::string(1, '\0') + shape.section + '\0' + ".shstrtab" + '\0';
  std::string note(12, '\0');
  put(note, 0, shape.name.size() + 1, 4);
  put(note, 4, shape.json.size(), 4);
  note += shape.name + '\0';
  while (note.size() % 4 != 0) note += '\0';
  note += shape.json;
  while (note.size() % 4 != 0) note += '\0';
  std::string file(64, '\0');
  file.replace(0, 6, "\x7f" "ELF\x02\x01", 6);
  const auto note_at = file.size();
  file += note;
  const auto names_at = file.size();
  file += names;
  const auto table = file.size();
  file += std::string(3 * 64, '\0');
  put(file, 40, table, 8);
  put(file, 58, 64, 2);
  put(file, 60, 3, 2);
  put(file, 62, 2, 2);
  const auto section = [&](std::size_t index, std::uint64_t name, std::uint64_t type, std::uint64_t at, std::uint64_t size) {
    put(file, table + index * 64, name, 4);
    put(file, table + index * 64 + 4, type, 4);
    put(file, table + index * 64 + 24, at, 8);
    put(file, table + index * 64 + 32, size, 8);
  };
  section(1, 1, shape.type, note_at, note.size());
  section(2, shape.section.size() + 2, 3, names_at, names.size());
  return file;
}

std::optional<verify::CompatNote> note_of(const std::string& file) {
  const auto note = verify::find_compat_note([&](std::uint64_t at, std::size_t size) -> Result<std::string> {
    CHECK(size <= 100 * 1024);
    return at >= file.size() ? std::string() : file.substr(at, size);
  });
  REQUIRE(note);
  return *note;
}

verify::CompatTables tables() {
  auto read = verify::read_compat_tables(CUDAENV_SOURCE_DIR "/manifests");
  REQUIRE(read);
  return *read;
}

const std::vector<std::string> h100{"NVIDIA H100 80GB HBM3"};

}  // namespace

TEST_CASE("the note says CUDA's version and the driver branches", "[compat]") {
  const auto note = note_of(elf_with());
  REQUIRE(note);
  CHECK(note->cuda == 12090);
  CHECK(note->drivers == std::vector<int>{535, 550, 575});
  const auto jetson = note_of(elf_with({.json = R"({"format":1,"CUDA version":"13.2"})"}));
  REQUIRE(jetson);
  CHECK(jetson->cuda == 13020);
  CHECK(jetson->drivers.empty());
  // A Jetson's promises two bytes more than its section has.
  auto padded = elf_with({.json = R"({"CUDA version":"13.2"})"});
  put(padded, 64 + 4, 25, 4);
  CHECK(note_of(padded)->cuda == 13020);
  // NVIDIA's reader takes either case; a zero byte may end the text.
  CHECK(note_of(elf_with({.json = R"({"CUDA Version":"12.9","Driver":[535]})" + std::string(3, '\0')}))->drivers.front() == 535);
}

TEST_CASE("what is no such note is none", "[compat]") {
  CHECK_FALSE(note_of(elf_with({.json = R"({"format":1,"CUDA version":"13.2",})"})));
  CHECK_FALSE(note_of(elf_with({.json = "[]"})));
  CHECK_FALSE(note_of(elf_with({.json = R"({"driver":"535","CUDA version":13})"})));
  CHECK_FALSE(note_of(elf_with({.json = std::string(5000, '[')})));
  CHECK_FALSE(note_of(elf_with({.name = "GNU"})));
  CHECK_FALSE(note_of(elf_with({.section = ".note.gnu.build-id"})));
  CHECK_FALSE(note_of(elf_with({.type = 1})));
  CHECK_FALSE(note_of(""));
  CHECK_FALSE(note_of("\x7f" "ELF\x01\x01"));
  CHECK(note_of(elf_with({.json = R"({"driver":[535,-1,99999999999,"x",null,7.5]})"}))->drivers == std::vector<int>{535});
}

TEST_CASE("a hostile file is read within bounds, whatever it says of itself", "[compat]") {
  const auto whole = elf_with();
  for (std::size_t size = 0; size < whole.size(); ++size) (void)note_of(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int byte : {0x00, 0x7F, 0x80, 0xFF}) {
      auto bent = whole;
      bent[at] = static_cast<char>(byte);
      (void)note_of(bent);
      for (std::size_t i = at; i < std::min(at + 8, bent.size()); ++i) bent[i] = static_cast<char>(byte);
      (void)note_of(bent);
    }
}

TEST_CASE("a file that is not there is an error, one without a note has none", "[compat]") {
  const auto missing = verify::read_compat_note("/nonexistent/libcuda.so.1");
  CHECK_FALSE(missing);
  const auto none = verify::read_compat_note(CUDAENV_BUILD_DIR "/tests/fake/ok/libcuda.so.1");
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("the note decides, then the table's cell", "[compat]") {
  const auto known = tables();
  const auto judge = [&](const verify::CompatPackage& package, const std::string& module) {
    return verify::judge_compat(known, package, {module, h100});
  };
  const verify::CompatNote note{12090, {535, 550, 575}};
  CHECK(judge({12090, "575.57.08", note}, "550.54.14").may == May::yes);  // the table says no
  CHECK(judge({12090, "575.57.08", note}, "570.26").may == May::no);      // the table says yes
  CHECK(judge({12090, "575.57.08", note}, "570.26").why == "its note names the driver branches 535, 550, 575, not 570");
  CHECK(judge({13000, "580.95.05", {}}, "535.309.01").may == May::yes);
  CHECK(judge({13000, "580.95.05", {}}, "550.163.01").may == May::no);
  CHECK(judge({13000, "", {}}, "580.65.06").may == May::no);
  CHECK(judge({13020, "", verify::CompatNote{13020, {}}}, "590.44.01").may == May::yes);
  CHECK(judge({99000, "", {}}, "535.309.01").may == May::unknown);
  CHECK(judge({13000, "", {}}, "").may == May::unknown);
}

TEST_CASE("a package is never older than the driver, and GeForce has none", "[compat]") {
  const auto known = tables();
  const verify::CompatPackage package{13000, "580.95.05", verify::CompatNote{13000, {535, 580}}};
  CHECK(verify::judge_compat(known, package, {"580.159.04", h100}).may == May::no);
  CHECK_THAT(verify::judge_compat(known, package, {"580.159.04", h100}).why, ContainsSubstring("803"));
  CHECK(verify::judge_compat(known, package, {"580.95.05", h100}).may == May::no);
  const auto judge = [&](const char* gpu) { return verify::judge_compat(known, package, {"535.309.01", {gpu}}).may; };
  CHECK(judge("NVIDIA GeForce RTX 4090") == May::no);
  CHECK(judge("NVIDIA TITAN V") == May::no);
  CHECK(judge("NVIDIA A100-SXM4-40GB MIG 1g.5gb") == May::yes);
  CHECK(judge("NVIDIA L40S") == May::yes);
  CHECK(judge("Tesla T4") == May::yes);
  CHECK(judge("NVIDIA RTX A6000") == May::unknown);  // in an NGC Ready system, perhaps
  CHECK(judge("NVIDIA Something New") == May::unknown);
  CHECK(verify::judge_compat(known, package, {"535.309.01", {"NVIDIA H100", "NVIDIA GeForce RTX 4090"}}).may == May::no);
  CHECK(verify::judge_compat(known, package, {"535.309.01", {}}).may == May::unknown);
}

TEST_CASE("a driver's branch", "[compat]") {
  CHECK(verify::branch_of("535.309.01") == 535);
  CHECK(verify::branch_of("535") == 0);
  CHECK(verify::branch_of("") == 0);
  CHECK(verify::branch_of("none") == 0);
}

TEST_CASE("of a driver archive just what the table lists becomes a compat folder", "[compat]") {
  const auto place = [](const std::string& member) {
    return store::canonical_path(ChannelKind::redist, "compat", "nvidia_driver-linux-x86_64-580.95.05-archive/" + member);
  };
  const auto known = tables();
  REQUIRE(known.files.size() == 7);
  for (const auto& file : known.files) {
    const auto name = file + (file.ends_with(".so") ? "" : ".so") + ".580.95.05";
    INFO(name);
    for (const std::string folder : {"lib/", "lib64/", "compat/"}) CHECK(place(folder + name) == "compat/" + name);
    CHECK_FALSE(place("lib32/" + name));
    CHECK_FALSE(place("lib/deep/" + name));
  }
  CHECK(place("LICENSE") == "licenses/compat/LICENSE");
  for (const auto* other : {"bin/nvidia-smi", "lib/libnvidia-ml.so.1", "lib/libGLX_nvidia.so.0", "lib", "lib/libcuda.conf", "sbin/x"})
    CHECK_FALSE(place(other));
}
