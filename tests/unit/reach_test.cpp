// The tables and what follows from them.
#include "unit/catch.hpp"
#include "verify/driver_view.hpp"
#include "verify/judge.hpp"
#include "verify/reach.hpp"

using namespace cudaenv;
using namespace cudaenv::verify;

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

using Variables = std::map<std::string, std::string, std::less<>>;
Result<std::optional<DriverFacts>> pretend(const Variables& variables) {
  World world;
  world.env = Environment(variables);
  return pretended_driver(world);
}

DriverFacts driver(const char* cuda, const char* gpus) {
  auto facts = pretend({{"CUDAENV_DRIVER", cuda}, {"CUDAENV_GPU", gpus}});
  REQUIRE(facts);
  REQUIRE(*facts);
  return **facts;
}

}  // namespace

TEST_CASE("what a toolkit may do under a driver", "[reach]") {
  const auto known = tables();
  struct Case {
    const char* toolkit;
    const char* driver;
    const char* gpus;
    May may;
  };
  static const Case cases[] = {
      {"12.4.1", "13.0", "9.0", May::full},        {"13.0.2", "13.0", "9.0", May::full},
      {"13.5.0", "13.0", "9.0", May::sass_only},   {"13.0.2", "12.9", "9.0", May::refused},
      {"12.9.1", "12.0", "9.0", May::sass_only},   {"12.6.3", "12.5", "9.0", May::full},  // both know PTX 8.5
      {"11.8.0", "13.0", "9.0", May::full},        {"12.0.0", "11.8", "8.0", May::refused},
      {"13.0.2", "13.0", "7.0", May::refused},     {"12.4.1", "13.0", "10.0", May::ptx_only},
      {"13.5.0", "13.0", "6.1", May::refused},     {"12.8.1", "12.8", "12.0", May::full},
      {"13.0.2", "13.0", "7.0,9.0", May::full},    {"14.2.0", "14.0", "9.0", May::sass_only},
      {"14.0.0", "13.4", "9.0", May::refused},     {"12.4.1", "13.0", "8.9", May::full},
      {"11.4.4", "13.0", "8.9", May::full},        {"13.0.2", "13.0", "", May::full},
  };
  for (const auto& one : cases) {
    INFO(one.toolkit << " on driver " << one.driver << " with " << one.gpus);
    const auto reach = judge_reach(known, version(one.toolkit), driver(one.driver, one.gpus));
    INFO(reach.why);
    CHECK(std::string(may_name(reach.may)) == may_name(one.may));
    CHECK_FALSE(reach.why.empty());
  }
}

TEST_CASE("a driver below the documented floor is refused though its major fits", "[reach]") {
  const auto known = tables();
  CHECK(judge_driver(known, version("12.0.0"), 12000, "525.53").reach == DriverReach::refused);
  CHECK(judge_driver(known, version("12.0.0"), 12000, "525.60.13").reach == DriverReach::ptx_too);
  CHECK(judge_driver(known, version("12.8.1"), 12000, "525.147.05").reach == DriverReach::sass_only);
  CHECK_THAT(judge_driver(known, version("13.5.0"), 13000, "580.159.04").evidence, ContainsSubstring("ISA 9.5 > 9.0"));
}

TEST_CASE("no driver may run nothing", "[reach]") {
  const auto reach = judge_reach(tables(), version("13.0.2"), DriverFacts{});
  CHECK(reach.may == May::refused);
  CHECK_THAT(reach.why, ContainsSubstring("no NVIDIA driver"));
}

TEST_CASE("pretended drivers are judged from the tables and say so", "[reach]") {
  const auto known = tables();
  const auto full = judge_pretended(known, version("12.4.1"), driver("13.0", "9.0"));
  CHECK(full.kind == Verdict::Kind::compile_only);
  CHECK(full.pretended);
  CHECK_FALSE(full.cause);
  const auto sass = judge_pretended(known, version("13.5.0"), driver("13.0", "9.0"));
  CHECK(sass.kind == Verdict::Kind::degraded);
  CHECK(sass.cause->cuda_error == 222);
  const auto old = judge_pretended(known, version("13.0.2"), driver("12.4", "9.0"));
  CHECK(old.kind == Verdict::Kind::refused);
  CHECK(old.cause->cuda_error == 35);
  CHECK(judge_pretended(known, version("13.0.2"), driver("13.0", "6.1")).cause->id == "gpu-too-old");
  for (const auto& verdict : {full, sass, old})
    for (const auto& step : verdict.steps)
      if (step.name == "facts" || step.name == "sass") CHECK_THAT(step.evidence, ContainsSubstring("pretended"));
}

TEST_CASE("malformed pretences are errors with a way out", "[reach]") {
  for (const char* bad : {"13", "x", "12.4.1", "-1.0", "12.", "999.9"})
    CHECK_FALSE(pretend({{"CUDAENV_DRIVER", bad}}));
  for (const char* bad : {"9", "9.0,", ",", "nine", "9.0;8.6"})
    CHECK_FALSE(pretend({{"CUDAENV_DRIVER", "13.0"}, {"CUDAENV_GPU", bad}}));
  const auto alone = pretend({{"CUDAENV_GPU", "9.0"}});
  REQUIRE_FALSE(alone);
  CHECK(alone.error().code == Code::config);
  const auto none = pretend({});
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("libcuda's version is in its file name", "[reach]") {
  CHECK(libcuda_file_version("/usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04") == "580.159.04");
  CHECK(libcuda_file_version("/usr/lib/wsl/lib/libcuda.so.1").empty());
  CHECK(libcuda_file_version("/x/libcuda.so").empty());
}
