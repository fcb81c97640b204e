#include "catalog/pep508.hpp"
#include "catalog/metadata.hpp"
#include "catalog/wheel_name.hpp"
#include "model/pep440.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;

namespace {

std::string normal(std::string_view text) {
  const auto version = pep440::parse(text);
  return version ? pep440::to_text(*version) : "invalid";
}
bool holds(std::string_view specifiers, std::string_view version) {
  const auto set = pep440::parse_specifiers(specifiers);
  REQUIRE(set);
  return pep440::contains(*set, *pep440::parse(version));
}

}  // namespace

// The full comparison with Python's packaging is tests/e2e/test_pep.py; these are the forms that occur.
TEST_CASE("package versions have one normal form", "[pep440]") {
  CHECK(normal("13.0.88") == "13.0.88");
  CHECK(normal(" v1.0-ALPHA_1-2.dev+Cu_128 ") == "1.0a1.post2.dev0+cu.128");
  CHECK(normal("12.3.101.post1") == "12.3.101.post1");
  CHECK(normal("1!2.0c3") == "1!2.0rc3");
  CHECK(normal("007.1") == "7.1");
  for (const char* text : {"", " ", "x", "1..2", "1.", ".1", "1+", "1!", "-1", "1.0-", "1 .0", "1.0+a..b", "1.0rc1x"}) CHECK(normal(text) == "invalid");
  CHECK(normal(std::string(pep440::max_version_bytes + 1, '1')) == "invalid");
}

TEST_CASE("numbers of any length are compared as numbers", "[pep440]") {
  CHECK(pep440::compare(*pep440::parse("9"), *pep440::parse("10")) < 0);
  CHECK(pep440::compare(*pep440::parse("99999999999999999999999"), *pep440::parse("100000000000000000000000")) < 0);
  CHECK(pep440::compare(*pep440::parse("12.8.2"), *pep440::parse("12.8.2.0")) == 0);
}

TEST_CASE("pins of the metapackage", "[pep440]") {
  CHECK(holds("==12.4.127.*", "12.4.127"));
  CHECK(holds("==12.4.127.*", "12.4.127.post1"));  // what saves 12.4.1 from its yanked cccl
  CHECK_FALSE(holds("==12.4.127.*", "12.4.12"));
  CHECK(holds("<14,>=13.5.37", "13.9"));
  CHECK_FALSE(holds("<14,>=13.5.37", "14.0rc1"));
  CHECK_FALSE(holds("<14,>=13.5.37", "13.5.36"));
  CHECK(holds("", "1.0"));
  CHECK_FALSE(pep440::parse_specifiers("1.0"));
  CHECK_FALSE(pep440::parse_specifiers("==1.*.2"));
  CHECK_FALSE(pep440::parse_specifiers("=="));
}

TEST_CASE("requirements and markers", "[pep508]") {
  const auto r = pep508::parse_requirement(
      "nvidia-cublas[a, b] (==13.1.0.3.*) ; (sys_platform == 'linux' or sys_platform == \"win32\") and extra == 'all'");
  REQUIRE(r);
  CHECK(r->name == "nvidia-cublas");
  CHECK(r->extras == std::vector<std::string>{"a", "b"});
  CHECK(r->specifier == "==13.1.0.3.*");
  auto environment = pep508::environment_of(Platform::linux_x86_64);
  CHECK(pep508::evaluate_marker(r->marker, environment) == false);
  environment["extra"] = "All";
  CHECK(pep508::evaluate_marker(r->marker, environment) == true);
  CHECK(pep508::evaluate_marker("sys_platform == 'linux' or sys_platform == 'x' and os_name == 'x'", environment) == true);
  CHECK(pep508::evaluate_marker("python_version >= '3.8' and 'lin' in sys_platform", environment) == true);
  const auto unknown = pep508::evaluate_marker("sys_platform == 'linux' or colour == 'red'", environment);
  REQUIRE_FALSE(unknown);
  CHECK_THAT(unknown.error().causes.at(0), ContainsSubstring("colour"));
}

TEST_CASE("hostile requirements and markers end in an error", "[pep508]") {
  const auto environment = pep508::environment_of(Platform::linux_x86_64);
  const std::string sample = "a-b[x](>=1,<2); (os_name == 'posix' and not_a == 'x') or extra in 'y'";
  for (std::size_t n = 0; n <= sample.size(); ++n) {
    const auto text = sample.substr(0, n);
    (void)pep508::parse_requirement(text);
    (void)pep508::evaluate_marker(text, environment);
  }
  CHECK_FALSE(pep508::evaluate_marker(std::string(5000, '(') + "os_name == 'posix'" + std::string(5000, ')'), environment));
  CHECK_FALSE(pep508::evaluate_marker(std::string(pep508::max_requirement_bytes + 1, ' '), environment));
  CHECK_FALSE(pep508::parse_requirement(std::string(pep508::max_requirement_bytes + 1, 'a')));
  CHECK_FALSE(pep508::parse_requirement("name @ https://example.org/x.whl"));
  CHECK_FALSE(pep508::parse_requirement(std::string("a\0b", 3)));
  CHECK(pep508::normalize_name("NVIDIA__Cuda.-nvcc") == "nvidia-cuda-nvcc");
}

TEST_CASE("wheel file names", "[wheel]") {
  const auto wheel = parse_wheel_name("nvidia_cuda_nvcc-13.0.88-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl");
  REQUIRE(wheel);
  CHECK(wheel->package == "nvidia-cuda-nvcc");
  CHECK(wheel->version == "13.0.88");
  CHECK(glibc_floor(*wheel, Platform::linux_x86_64) == 17U);
  CHECK_FALSE(glibc_floor(*wheel, Platform::linux_sbsa));
  CHECK(unfit_reason(*wheel, {Platform::linux_x86_64, 36}).empty());
  CHECK_THAT(unfit_reason(*wheel, {Platform::linux_sbsa, 36}), ContainsSubstring("not aarch64"));

  const auto newer = parse_wheel_name("a-1-py3-none-manylinux_2_34_x86_64.whl");
  CHECK(unfit_reason(*newer, {Platform::linux_x86_64, 31}) == "needs glibc 2.34, here is 2.31");
  CHECK(unfit_reason(*newer, {Platform::linux_x86_64, 0}).empty());
  CHECK(unfit_reason(*parse_wheel_name("cuda_toolkit-13.0.2-py2.py3-none-any.whl"), {Platform::linux_sbsa, 17}).empty());
  CHECK_THAT(unfit_reason(*parse_wheel_name("a-1-cp312-cp312-manylinux_2_17_x86_64.whl"), {}), ContainsSubstring("bound to one Python"));
  CHECK_FALSE(unfit_reason(*parse_wheel_name("a-1-py3-none-win_amd64.whl"), {}).empty());
  CHECK_FALSE(unfit_reason(*parse_wheel_name("a-1-py3-none-musllinux_1_2_x86_64.whl"), {}).empty());
  for (const char* name : {"", "a.whl", "a-1-py3-none.whl", "a-1-py3-none-any.zip", "a-x-py3-none-any.whl", "../a-1-py3-none-any.whl",
                           "a-1-b-py3-none-any.whl", "a-1-1-2-py3-none-any.whl", "a-1---any.whl", "cuda-toolkit-13.0.2.tar.gz"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_wheel_name(name));
  }
}

TEST_CASE("METADATA: the headers that matter", "[metadata]") {
  const auto m = parse_metadata(
      "Metadata-Version: 2.4\r\nName: nvidia-cuda-nvcc\r\nVersion: 13.0.88\r\nLicense: Proprietary\r\n  second line\r\n"
      "Provides-Extra: all\r\nRequires-Dist: nvidia-nvvm\r\nRequires-Dist: nvidia-cuda-crt;\r\n extra == 'all'\r\n\r\nRequires-Dist: not-this\r\n");
  REQUIRE(m);
  CHECK(m->name == "nvidia-cuda-nvcc");
  CHECK(m->license == "Proprietary second line");
  CHECK(m->extras == std::vector<std::string>{"all"});
  CHECK(m->requires_dist == std::vector<std::string>{"nvidia-nvvm", "nvidia-cuda-crt; extra == 'all'"});
  for (const char* text : {"", "\n", "Name: x\n", "Version: 1\n", "nonsense\n", ": x\n", "\nName: x\nVersion: 1\n", " folded\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_metadata(text));
  }
  CHECK_FALSE(parse_metadata(std::string(max_metadata_bytes + 1, 'a')));
}
