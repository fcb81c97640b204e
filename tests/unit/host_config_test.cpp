// The conditions of crt/host_config.h, in the forms that CUDA 11 to 13 write them; the texts are ours.
#include "unit/catch.hpp"
#include "verify/host_config.hpp"

using cudaenv::verify::read_host_limits;

TEST_CASE("gcc's limit is the number that leads to #error", "[host-config]") {
  const auto newer = read_host_limits("#if defined(__GNUC__)\n#if __GNUC__ > 15\n#error too new\n#endif\n#endif\n");
  CHECK(newer.gcc_max == 15);
  CHECK(newer.gcc_min == 0);
  CHECK(newer.takes_gcc(15));
  CHECK(newer.takes_gcc(4));
  CHECK_FALSE(newer.takes_gcc(16));
  const auto both = read_host_limits("# if __GNUC__ < 6 || (__GNUC__ >= 12)\n#  error\n# endif\n");
  CHECK(both.gcc_min == 6);
  CHECK(both.gcc_max == 11);
  CHECK_FALSE(both.takes_gcc(5));
}

TEST_CASE("clang's limits are those of clang itself", "[host-config]") {
  const char* header =
      "#if defined(__GRCO_CLANG_COMPILER__)\n"
      "#if (__GRCO_CLANG_COMPILER__ == 1) && ((__clang_major__ < 16) || (__clang_major__ > 20))\n#error\n#endif\n"
      "#endif\n"
      "#if defined(__GNUC__)\n"
      "#if __GNUC__ > 14\r\n#error\n#endif\n"
      "#if defined(__HORIZON__)\n"
      "#if (__clang_major__ >= 18) || (__clang_major__ < 3)\n#error\n#endif\n"
      "#endif\n"
      "#if defined(__clang__) && !defined(__ibmxl_vrm__) && !defined(__ICC) && !defined(__HORIZON__) && !defined(__GRCO_CLANG_COMPILER__)\n"
      "#if (__clang_major__ >= 20) || (__clang_major__ < 7) || ((__clang_major__ == 7) && (__clang_minor__ < 3))\n#error\n#endif\n"
      "#endif\n"
      "#endif\n";
  const auto limits = read_host_limits(header);
  CHECK(limits.gcc_max == 14);
  CHECK(limits.clang_max == 19);
  CHECK(limits.clang_min == 7);
  CHECK(limits.takes_clang(19));
  CHECK_FALSE(limits.takes_clang(20));
}

TEST_CASE("a header without limits limits nothing, and garbage harms nothing", "[host-config]") {
  for (const char* text : {"", "#include \"crt/host_config.h\"\n", "#endif\n#endif\n#endif\n", "#if __GNUC__ >\n", "#if __GNUC__ > many\n",
                           "#if __GNUC__ > 99999999999999999999\n", "#error gcc versions later than 15\n", "// #if __GNUC__ > 3\n"}) {
    INFO(text);
    const auto limits = read_host_limits(text);
    CHECK(limits.gcc_max == 0);
    CHECK(limits.gcc_min == 0);
    CHECK(limits.takes_gcc(99));
  }
}
