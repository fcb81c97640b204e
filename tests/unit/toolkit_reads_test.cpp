// Releases that the tables do not know: what the toolkit says of itself, and what is said to be unknown.
#include "sys/fs.hpp"
#include "unit/catch.hpp"
#include "verify/reach.hpp"
#include "verify/toolkit_reads.hpp"

using namespace cudaenv;
using namespace cudaenv::verify;
using namespace std::chrono_literals;

namespace {

Tables tables() {
  auto read = read_tables(CUDAENV_BUILD_DIR "/share/cudaenv/manifests");
  REQUIRE(read);
  return *read;
}

Version version(std::string_view text) {
  Version parsed;
  REQUIRE(parse_version(text, parsed));
  return parsed;
}

struct Toolkit {
  std::string path;
  Toolkit() {
    auto made = fs::make_temp_folder("/tmp", "cudaenv-reads-");
    REQUIRE(made);
    path = *made;
  }
  Toolkit(const Toolkit&) = delete;
  Toolkit& operator=(const Toolkit&) = delete;
  ~Toolkit() { (void)fs::remove_tree(path); }
  void tool(const std::string& name, const std::string& script) const {
    REQUIRE(fs::make_folders(path + "/bin"));
    REQUIRE(fs::write_file_atomic(path + "/bin/" + name, "#!/bin/sh\n" + script + "\n", 0755));
  }
};

}  // namespace

TEST_CASE("targets are read out of a compiler's help", "[reads]") {
  CHECK(parse_help_archs("Allowed values for this option:  'compute_100','compute_90','sm_100','sm_100a',\n        'sm_100f','sm_75',"
                         "'sm_80','sm_90','sm_90a'.\n Default value:  'sm_75'.") == std::vector<int>{75, 80, 90, 100});
  CHECK(parse_help_archs("").empty());
  CHECK(parse_help_archs("'sm_").empty());
  CHECK(parse_help_archs("'sm_'; 'sm_9'; 'sm_99999999999999999999'; 'sm_-1'; 'sm_90a'").empty());
}

TEST_CASE("ptxas is asked first, then nvcc; one that fails, hangs or floods says nothing", "[reads]") {
  const Toolkit both, nvcc, broken, none;
  both.tool("ptxas", "echo \"'sm_80','sm_140'\"");
  both.tool("nvcc", "echo \"'sm_50'\"");
  CHECK(read_tools(both.path, 5s).archs == std::vector<int>{80, 140});
  CHECK(read_tools(both.path, 5s).asked == "ptxas");
  nvcc.tool("nvcc", "[ \"$1\" = --help ] && echo \"'sm_90'\"");
  CHECK(read_tools(nvcc.path, 5s).asked == "nvcc");
  broken.tool("ptxas", "echo \"'sm_80'\"; exit 1");
  CHECK(read_tools(broken.path, 5s).archs.empty());
  broken.tool("ptxas", "sleep 30");
  CHECK(read_tools(broken.path, 100ms).archs.empty());
  broken.tool("ptxas", "yes \"'sm_80'\" | head -c 9000000");
  CHECK(read_tools(broken.path, 5s).archs == std::vector<int>{80});
  CHECK(read_tools(none.path, 5s).archs.empty());
}

TEST_CASE("the probe's NVRTC names targets and PTX ISA", "[reads]") {
  ProbeReport report;
  report.records = {{"nvrtc.archs", "90,75,80,75,x,7,99999"}, {"ptx.isa", "9.5"}};
  const auto reads = read_report(report);
  CHECK(reads.archs == std::vector<int>{75, 80, 90});
  CHECK(reads.asked == "NVRTC");
  CHECK(reads.isa == 95);
  CHECK(read_report({}).archs.empty());
  CHECK(read_report({}).isa == 0);
}

TEST_CASE("a release beyond the tables: assumed and said so, then known by its own word", "[reads]") {
  auto known = tables();
  const auto future = version("14.6.0");
  CHECK_FALSE(known.knows_archs(14060));
  CHECK(known.knows_archs(13040));
  CHECK_THAT(judge_arch(known, future, 90).evidence, ContainsSubstring("if it has those of 13.4"));
  CHECK_THAT(judge_driver(known, future, 14000, "").evidence, ContainsSubstring("its PTX ISA is not known"));
  CHECK(judge_driver(known, future, 14000, "").reach == DriverReach::sass_only);
  CHECK(judge_driver(known, future, 14070, "").reach == DriverReach::ptx_too);
  learn(known, 14060, {{100, 140}, "ptxas", 0});
  CHECK(judge_arch(known, future, 90).reach == ArchReach::gpu_too_old);
  CHECK(judge_arch(known, future, 140).reach == ArchReach::native);
  CHECK_THAT(judge_arch(known, future, 140).evidence, ContainsSubstring("says its ptxas"));
  // Its own PTX outranks the table, and decides inside minor compatibility.
  known.branches[700] = {14000, 104};
  learn(known, 14060, {{}, "", 104});
  CHECK(judge_driver(known, future, 14000, "").reach == DriverReach::ptx_too);
  CHECK(judge_arch(known, version("13.0.2"), 90).evidence == "sm_90 is a target of 13.0 (sm_75 to sm_121)");
}
