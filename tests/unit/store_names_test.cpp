#include "store/names.hpp"

#include "store/installed.hpp"
#include "store/receipt.hpp"
#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

VersionSpec spec_of(const std::string& text) {
  VersionSpec spec;
  const char* reason = "";
  REQUIRE(parse_spec(text, spec, reason));
  return spec;
}

const Files foreign_toolkit{{"bin/nvcc", "#!/bin/sh\n"},
                            {"include/cuda_runtime_api.h", "#define CUDART_VERSION  12040\n"},
                            {"include/cuda.h", "#define CUDA_VERSION 12040\n"},
                            {"lib64/libcudart.so.12.4.127", "x"},
                            {"lib64/libcudart.so.12", "-> libcudart.so.12.4.127"}};

}  // namespace

TEST_CASE("a spec chooses among names as the shim does: newest wins, nothing falls back", "[store]") {
  struct Case {
    const char* spec;
    std::vector<std::string> names;
    const char* chosen;  // "": none
  };
  const Case cases[] = {
      {"12", {"11.8.0", "12.4.1", "12.8.1", "13.0.2"}, "12.8.1"},
      {"12.4", {"12.4.0", "12.4.1", "12.40.0"}, "12.4.1"},
      {"12.8.1", {"12.8.0", "12.8.1"}, "12.8.1"},
      {"12.8.1", {"12.8.0"}, ""},
      {"12.9", {"12.8.1", "13.0.2"}, ""},
      {"latest", {"12.8.1", "13.0.2", "9.2.0"}, "13.0.2"},
      {"latest", {"13.4.0rc1", "13.0.2"}, "13.0.2"},
      {"13.4", {"13.4.0rc1"}, ""},
      {"13.4.0rc1", {"13.4.0rc1", "13.4.0"}, "13.4.0rc1"},
      {">=12.4,<13", {"12.4.1", "12.9.1", "13.0.2"}, "12.9.1"},
      {"mine", {"12.4.1", "mine", "mine2"}, "mine"},
      {"mine", {"12.4.1"}, ""},
      {"12.8", {"12.8", "12.8.0"}, "12.8.0"},
      {"12.8", {"12.8.0", "12.8"}, "12.8.0"},
      {"12", {"12.8.1.new.4711", "../x", "", "12.8.1"}, "12.8.1"},
      {"driver", {"12.8.1"}, ""},
      {"system", {"12.8.1"}, ""},
  };
  for (const auto& c : cases) {
    INFO(c.spec);
    CHECK(choose_name(spec_of(c.spec), c.names).value_or("") == c.chosen);
  }
}

TEST_CASE("a foreign toolkit is linked, listed, chosen and forgotten, and never changed", "[store]") {
  const TestRoot root;
  const auto tree = root.folder() + "/usr/local/cuda-12.4";
  root.write(tree, foreign_toolkit);
  const auto before = value(list_tree(tree)).text;
  const auto receipt = value(link_toolkit(root.layout, tree, std::nullopt));
  CHECK(receipt.names == std::vector<std::string>{"12.4"});
  const auto installed = value(read_installed(root.layout));
  REQUIRE(installed.toolkits.size() == 1);
  const auto& toolkit = installed.toolkits.front();
  CHECK(toolkit.linked);
  CHECK(toolkit.path == tree);
  CHECK(toolkit.id == receipt.id);
  REQUIRE(toolkit.components.size() == 2);
  CHECK(toolkit.components[0].name == "cudart");
  CHECK(toolkit.components[1].name == "nvcc");
  CHECK(choose(spec_of("12.4"), installed)->path == tree);
  CHECK_FALSE(choose(spec_of("12.4.1"), installed));

  const auto twice = link_toolkit(root.layout, tree, std::nullopt);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().hint == "cudaenv unlink 12.4");
  value(unlink_name(root.layout, "12.4"));
  CHECK(value(read_installed(root.layout)).toolkits.empty());
  CHECK(value(fs::list(root.layout.links())).empty());
  CHECK(value(list_tree(tree)).text == before);
}

TEST_CASE("names that no spec could mean, and toolkits of ours, are not linked", "[store]") {
  const TestRoot root;
  const auto tree = root.folder() + "/cuda";
  root.write(tree, foreign_toolkit);
  for (const std::string name : {"", ".", "..", "a/b", "../x", "latest", "system", ">=12", "a b", "$(x)", "a.new.1"}) {
    INFO(name);
    const auto linked = link_toolkit(root.layout, tree, name);
    REQUIRE_FALSE(linked);
    CHECK(linked.error().code == Code::usage);
  }
  CHECK(value(fs::list(root.layout.names())).empty());
  CHECK_FALSE(link_toolkit(root.layout, root.layout.toolkits(), "mine"));
  value(fs::make_folders(root.folder() + "/empty"));
  const auto nothing = link_toolkit(root.layout, root.folder() + "/empty", "mine");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == Code::not_installed);
}

TEST_CASE("a link whose toolkit went away is damaged, not fatal", "[store]") {
  const TestRoot root;
  const auto tree = root.folder() + "/cuda";
  root.write(tree, foreign_toolkit);
  value(link_toolkit(root.layout, tree, "mine"));
  value(fs::remove_file(tree + "/bin/nvcc"));
  auto installed = value(read_installed(root.layout));
  REQUIRE(installed.damaged.size() == 1);
  CHECK(installed.damaged[0].reason == "bin/nvcc is missing");
  value(fs::remove_tree(tree));
  installed = value(read_installed(root.layout));
  REQUIRE(installed.damaged.size() == 1);
  CHECK(installed.damaged[0].name == "mine");
  value(unlink_name(root.layout, "mine"));
}

TEST_CASE("a conda prefix is used where it lies", "[store]") {
  const TestRoot root;
  const auto prefix = root.folder() + "/env";
  root.write(prefix, {{"conda-meta/history", ""},
                      {"bin/nvcc", "#!/bin/sh\n"},
                      {"lib/libcudart.so.12", "x"},
                      {"targets/x86_64-linux/include/cuda_runtime_api.h", "#define CUDART_VERSION  12090\n"},
                      {"targets/x86_64-linux/include/nvml.h", ""},
                      {"version.json", "{ not json"}});
  const auto receipt = value(link_toolkit(root.layout, prefix, "env"));
  CHECK(receipt.path == prefix);
  CHECK(receipt.version == version_of("12.9"));
  REQUIRE(receipt.components.size() == 3);
  CHECK(receipt.components[2].witness == "targets/x86_64-linux/include/nvml.h");
  CHECK(choose(spec_of("env"), value(read_installed(root.layout)))->id == receipt.id);
  CHECK_FALSE(choose(spec_of("12.9"), value(read_installed(root.layout))));
}

TEST_CASE("a folder of component wheels is linked through a view", "[store]") {
  const TestRoot root;
  const auto site = root.folder() + "/site-packages/nvidia";
  root.write(site, {{"__init__.py", ""},
                    {"cuda_runtime/include/cuda_runtime_api.h", "#define CUDART_VERSION  12080\n"},
                    {"cuda_runtime/include/cuda.h", "CUresult CUDAAPI cuInit(unsigned int Flags);\n"},
                    {"cuda_runtime/lib/libcudart.so.12", "x"},
                    {"cuda_runtime/lib/__init__.py", ""},
                    {"cublas/lib/libcublas.so.12", "y"}});
  const auto before = value(list_tree(site)).text;
  const auto receipt = value(link_toolkit(root.layout, site, std::nullopt));
  CHECK(receipt.names == std::vector<std::string>{"12.8"});
  CHECK(receipt.path == root.layout.view("12.8"));
  CHECK(value(fs::read_file(receipt.path + "/lib64/libcudart.so", 10)) == "x");
  CHECK(value(fs::read_link(receipt.path + "/lib/libcublas.so.12")) == site + "/cublas/lib/libcublas.so.12");
  CHECK(fs::exists(receipt.path + "/lib/stubs/libcuda.so"));
  CHECK(value(list_tree(site)).text == before);
  REQUIRE(value(read_installed(root.layout)).toolkits.size() == 1);
  value(unlink_name(root.layout, "12.8"));
  CHECK(value(fs::list(root.layout.views())).empty());
  root.write(site, {{"cu13/lib/libcudart.so.13", "z"}});
  const auto mixed = link_toolkit(root.layout, site, std::nullopt);
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().hint == "cudaenv link " + site + "/cu13");
}
