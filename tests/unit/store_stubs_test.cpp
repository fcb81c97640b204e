#include <dlfcn.h>

#include "base/text.hpp"
#include "store/elf_soname.hpp"
#include "store/link_stubs.hpp"
#include "sys/process.hpp"
#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

constexpr std::string_view header = R"(
#define CUDAAPI
#define cuMemAlloc                          cuMemAlloc_v2
#define cuMemcpy                            __CUDA_API_PTDS(cuMemcpy)
#define cuStreamWait                        __CUDA_API_PTSZ(cuStreamWait_v2)
#define CU_NOT_A_FUNCTION cuNotThis(
/** See ::cuFromAComment(). */
// cuFromALine(int)
typedef CUresult (CUDAAPI *cuPointerType)(int);
typedef struct cuThing_st { int cuField; } cuThing;
CUresult CUDAAPI cuInit(unsigned int Flags);
CUresult CUDAAPI cuMemAlloc(CUdeviceptr *dptr, size_t bytesize);
CUresult CUDAAPI cuMemcpy (CUdeviceptr dst,
                           cuCallback_t (*cuArgument)(int));
cuuint64_t cuuintHelper;
)";

std::string long_name(int i) { return "cuFunction" + std::to_string(i); }

StubLibrary library_of(int functions) {
  StubLibrary library{"libcuda.so.1", {}, cuda_stub_answer, {}, {}};
  for (int i = 0; i < functions; ++i) library.functions.push_back(long_name(i));
  return library;
}

std::string environment_path() { return "/usr/local/bin:/usr/bin:/bin"; }

Result<ChildResult> run(const std::string& program, std::vector<std::string> arguments, const std::string& folder) {
  ChildSpec spec;
  spec.program = program;
  spec.arguments = std::move(arguments);
  spec.environment = {{"PATH", environment_path()}, {"LC_ALL", "C"}};
  spec.folder = folder;
  spec.deadline = std::chrono::seconds(30);
  return run_child(spec);
}

}  // namespace

TEST_CASE("the functions a header declares, with the names its macros make", "[store]") {
  const std::vector<std::string> expected{"cuInit",   "cuMemAlloc",    "cuMemAlloc_v2",   "cuMemcpy",
                                          "cuMemcpy_ptds", "cuStreamWait_v2", "cuStreamWait_v2_ptsz"};
  CHECK(declared_functions(header, "cu") == expected);
  CHECK(declared_functions("nvmlReturn_t DECLDIR nvmlInit_v2(void);\n#define nvmlInit nvmlInit_v2\n"
                           "const DECLDIR char* nvmlErrorString(nvmlReturn_t result);",
                           "nvml") == std::vector<std::string>{"nvmlErrorString", "nvmlInit_v2"});
  for (std::size_t size = 0; size <= header.size(); ++size) (void)declared_functions(header.substr(0, size), "cu");
}

TEST_CASE("a link stub loads and every function answers", "[store]") {
  const TestRoot root;
  for (const int count : {1, 2, 63, 64, 700}) {
    auto library = library_of(count);
    library.functions.push_back("nvmlErrorString");
    library.message_functions = {"nvmlErrorString"};
    library.message = "only a stub";
    const auto path = root.folder() + "/stub" + std::to_string(count) + ".so";
    value(fs::write_new_file(path, build_stub(library, this_platform()), 0644));
    CHECK(value(elf_soname(path)) == "libcuda.so.1");
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle != nullptr);
    for (int i = 0; i < count; ++i) {
      const auto function = reinterpret_cast<int (*)()>(::dlsym(handle, long_name(i).c_str()));
      REQUIRE(function != nullptr);
      REQUIRE(function() == cuda_stub_answer);
    }
    const auto speak = reinterpret_cast<const char* (*)()>(::dlsym(handle, "nvmlErrorString"));
    REQUIRE(speak != nullptr);
    CHECK(std::string(speak()) == "only a stub");
    CHECK(::dlsym(handle, "cuNothing") == nullptr);
    ::dlclose(handle);
  }
}

TEST_CASE("binutils and the linkers accept a link stub", "[store]") {
  const TestRoot root;
  const auto folder = root.folder();
  for (const auto platform : {Platform::linux_x86_64, Platform::linux_sbsa}) {
    const auto path = folder + "/libcuda" + std::string(machine_name(platform)) + ".so";
    value(fs::write_new_file(path, build_stub(library_of(300), platform), 0644));
    const auto read = run("readelf", {"-aW", path}, folder);
    if (!read) {
      WARN("skipped: no readelf found");
      return;
    }
    CHECK(read->status == 0);
    CHECK(read->err.empty());
    CHECK_THAT(read->out, ContainsSubstring("Library soname: [libcuda.so.1]"));
    CHECK_THAT(read->out, ContainsSubstring("FUNC    GLOBAL DEFAULT    5 cuFunction299"));
    CHECK(read->out.find("Warning") == std::string::npos);
  }
  value(fs::write_new_file(folder + "/libcuda.so", build_stub(library_of(300), this_platform()), 0644));
  value(fs::write_new_file(folder + "/p.c", "int cuFunction7(void); int main(void) { return cuFunction7(); }", 0644));
  for (const std::string linker : {"bfd", "gold", "lld"}) {
    const auto program = folder + "/p-" + linker;
    if (find_in_path("ld." + linker, environment_path()).empty() || find_in_path("gcc", environment_path()).empty()) {
      WARN("skipped: no gcc with ld." << linker << " found");
      continue;
    }
    const auto linked = run("gcc", {"-fuse-ld=" + linker, "p.c", "-L.", "-lcuda", "-o", program}, folder);
    REQUIRE(linked);
    INFO(linked->err);
    CHECK(linked->status == 0);
    const auto missing = run("gcc", {"-fuse-ld=" + linker, "-DcuFunction7=cuAbsent", "p.c", "-L.", "-lcuda"}, folder);
    REQUIRE(missing);
    CHECK(missing->status != 0);
    if (!fs::exists(folder + "/libcuda.so.1")) value(fs::make_link("libcuda.so", folder + "/libcuda.so.1"));
    const auto ran = run("/usr/bin/env", {"LD_LIBRARY_PATH=" + folder, program}, folder);
    REQUIRE(ran);
    CHECK(ran->status == cuda_stub_answer);
  }
}

TEST_CASE("a SONAME is read from hostile files without harm", "[store]") {
  const TestRoot root;
  const auto good = build_stub(library_of(3), this_platform());
  const auto path = root.folder() + "/x.so";
  for (std::size_t size = 0; size <= good.size(); size += size < 512 ? 1 : 97) {
    value(fs::write_file_atomic(path, good.substr(0, size)));
    const auto soname = value(elf_soname(path));
    CHECK((soname.empty() || soname == "libcuda.so.1"));
  }
  for (std::size_t at = 0; at < 360; ++at) {
    auto bent = good;
    bent[at] = static_cast<char>(bent[at] ^ 0xff);
    value(fs::write_file_atomic(path, bent));
    (void)value(elf_soname(path));
  }
  CHECK_FALSE(elf_soname(root.folder() + "/absent.so"));
}
