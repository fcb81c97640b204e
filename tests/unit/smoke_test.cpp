#include "verify/smoke.hpp"

#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

// A toolkit whose nvcc is a script: what the check does with its answer is tested, not the compiler.
std::vector<Step> smoke(const TestRoot& root, const std::string& nvcc, const std::string& path) {
  const auto tree = value(fs::make_temp_folder(root.folder(), "tree-"));
  root.write(tree, {{"bin/nvcc", nvcc}, {"lib/libcudart.so", "\x7f" "ELF\x02\x01"}, {"lib64", "-> lib"}});
  Receipt receipt;
  receipt.path = tree;
  verify::SmokeOptions options;
  options.environment = {{"PATH", path}, {"CPATH", "/nowhere"}};
  options.tmp = root.layout.tmp();
  auto steps = value(verify::smoke_test(receipt, options));
  CHECK(value(fs::list(root.layout.tmp())).empty());
  return steps;
}

const std::string compiles = "#!/bin/sh\ntest -z \"$CPATH\" || exit 9\nfor last; do :; done\n"
                             "printf '#!/bin/sh\\necho 13000\\n' > \"$last\"\nchmod +x \"$last\"\n";

}  // namespace

TEST_CASE("the smoke test reports what the compiler answered", "[verify]") {
  const TestRoot root;
  root.write(root.folder() + "/bin", {{"g++", "#!/bin/sh\nexit 0\n"}});
  const auto path = root.folder() + "/bin:/usr/bin:/bin";
  auto steps = smoke(root, compiles, path);
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].name == "nvcc-shared");
  CHECK(steps[0].status == StepStatus::pass);
  CHECK_THAT(steps[0].evidence, ContainsSubstring("CUDA runtime 13.0"));
  steps = smoke(root, "#!/bin/sh\necho noise >&2\necho 'fatal error: crt/x.h: no such file' >&2\nexit 1\n", path);
  CHECK(steps[0].status == StepStatus::fail);
  CHECK(steps[0].evidence == "nvcc: fatal error: crt/x.h: no such file");
  steps = smoke(root, "#!/bin/sh\nkill -SEGV $$\n", path);
  CHECK(steps[0].evidence == "nvcc: was ended by signal 11");
}

TEST_CASE("without a host compiler the smoke test says what to install", "[verify]") {
  const TestRoot root;
  value(fs::make_folders(root.folder() + "/empty"));
  const auto steps = smoke(root, compiles, root.folder() + "/empty");
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].status == StepStatus::skip);
  CHECK(steps[0].evidence == "no g++ found: apt-get install g++");
  CHECK(steps[1].name == "libraries");
  CHECK(steps[1].status == StepStatus::pass);
}
