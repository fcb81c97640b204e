#include "store/publish.hpp"

#include "store/installed.hpp"
#include "store/merge.hpp"
#include "store/names.hpp"
#include "store/receipt.hpp"
#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

constexpr auto wheels = ChannelKind::wheels, redist = ChannelKind::redist;

const Files nvcc_wheel{{"nvidia/cu13/bin/nvcc", "#!/bin/sh\necho nvcc\n"},
                       {"nvidia/cu13/bin/nvcc.profile", "TOP = $(_HERE_)/..\n"},
                       {"nvidia/cu13/.metadata/scan.txt", "x"},
                       {"nvidia_cuda_nvcc-13.0.88.dist-info/licenses/License.txt", "terms of nvcc"},
                       {"nvidia_cuda_nvcc-13.0.88.dist-info/RECORD", "x"}};
const Files cudart_wheel{{"nvidia/cu13/include/cuda.h", "CUresult CUDAAPI cuInit(unsigned int Flags);\n"},
                         {"nvidia/cu13/lib/libcudart.so.13", "runtime"},
                         {"nvidia/cu13/lib/libcudart_static.a", "static"},
                         {"nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt", "terms of cudart"}};

std::vector<Artifact> two(const TestRoot& root) {
  return {root.add(wheels, "nvcc", "13.0.88", nvcc_wheel), root.add(wheels, "cudart", "13.0.96", cudart_wheel)};
}

Composed compose_13(const TestRoot& root, const std::vector<Artifact>& artifacts) {
  return value(compose(root.layout, artifacts, version_of("13.0.2"), "wheels", test_hash()));
}

std::string causes(const Error& error) { return error.causes.empty() ? "" : error.causes.front(); }

}  // namespace

TEST_CASE("wheels become one toolkit in the canonical layout", "[store]") {
  const TestRoot root;
  const auto composed = compose_13(root, two(root));
  const auto& tree = composed.receipt.path;
  CHECK(value(list_tree(tree)).text ==
        "d 0555 0 bin\n"
        "f 0555 20 bin/nvcc\n"
        "f 0444 19 bin/nvcc.profile\n"
        "d 0555 0 include\n"
        "f 0444 45 include/cuda.h\n"
        "d 0555 0 lib\n"
        "l 0777 15 lib/libcudart.so -> libcudart.so.13\n"
        "f 0444 7 lib/libcudart.so.13\n"
        "f 0444 6 lib/libcudart_static.a\n"
        "d 0555 0 lib/stubs\n"
        "f 0444 " + std::to_string(value(fs::status(tree + "/lib/stubs/libcuda.so")).size) + " lib/stubs/libcuda.so\n"
        "l 0777 3 lib64 -> lib\n"
        "d 0555 0 licenses\n"
        "d 0555 0 licenses/cudart\n"
        "f 0444 15 licenses/cudart/LICENSE\n"
        "d 0555 0 licenses/nvcc\n"
        "f 0444 13 licenses/nvcc/LICENSE\n"
        "f 0444 77 version.json\n");
  CHECK(value(fs::status(tree)).mode == 0555);
  CHECK(value(fs::status(tree + "/bin/nvcc")).links == 2);
  CHECK(value(fs::list(root.layout.tmp())).empty());
  CHECK(value(check_tree(composed.receipt)).empty());

  const auto installed = value(read_installed(root.layout));
  REQUIRE(installed.toolkits.size() == 1);
  CHECK(installed.toolkits[0].names == std::vector<std::string>{"13.0.2"});
  CHECK(installed.toolkits[0].id == composed.receipt.id);
  CHECK(installed.toolkits[0].components[1].witness == "bin/nvcc");
  CHECK(installed.damaged.empty());
}

TEST_CASE("a redist archive of the same files gives the identical tree", "[store]") {
  const auto as_archive = [](const Files& wheel) {
    Files out;
    for (const auto& [path, content] : wheel) {
      if (path.starts_with("nvidia/cu13/.")) continue;
      if (path.starts_with("nvidia/cu13/")) out["x-linux-archive/" + path.substr(12)] = content;
      if (path.ends_with("License.txt")) out["x-linux-archive/LICENSE"] = content;
    }
    return out;
  };
  const TestRoot a, b;
  auto archive = as_archive(cudart_wheel);
  archive["x-linux-archive/lib64"] = "-> lib";
  archive["x-linux-archive/lib/libcudart.so"] = "-> libcudart.so.13";
  archive["x-linux-archive/pkg-config/cudart.pc"] = "cudaroot=/usr/local/cuda-13.0\n";
  const auto from_wheels = compose_13(a, two(a)).receipt;
  const std::vector<Artifact> archives{b.add(redist, "cudart", "13.0.96", archive),
                                       b.add(redist, "nvcc", "13.0.88", as_archive(nvcc_wheel))};
  const auto from_archives = value(compose(b.layout, archives, version_of("13.0.2"), "nvidia", test_hash())).receipt;
  CHECK(value(list_tree(from_wheels.path)).text == value(list_tree(from_archives.path)).text);
  CHECK(from_wheels.tree_sha256 == from_archives.tree_sha256);
}

TEST_CASE("two components may bring one file twice, but not two files for one path", "[store]") {
  const TestRoot root;
  const auto same = root.add(wheels, "crt", "1", {{"nvidia/cu13/include/cuda.h", cudart_wheel.at("nvidia/cu13/include/cuda.h")}});
  auto artifacts = two(root);
  artifacts.push_back(same);
  (void)compose_13(root, artifacts);
  artifacts.back() = root.add(wheels, "crt", "2", {{"nvidia/cu13/include/cuda.h", "other"}});
  const auto clash = compose(root.layout, artifacts, version_of("13.0.2"), "wheels", test_hash());
  REQUIRE_FALSE(clash);
  CHECK(clash.error().code == Code::integrity);
  CHECK(causes(clash.error()) == "nvidia-crt 2 and nvidia-cudart 13.0.96 bring different files for `include/cuda.h`");
  artifacts.back() = root.add(wheels, "crt", "3", {{"nvidia/cu13/bin/nvcc/inner", "x"}});
  const auto folder = compose(root.layout, artifacts, version_of("13.0.2"), "wheels", test_hash());
  REQUIRE_FALSE(folder);
  CHECK_THAT(causes(folder.error()), ContainsSubstring("disagree about the folder `bin/nvcc`"));
  artifacts.back() = root.add(redist, "crt", "4", {{"x-archive/lib/evil", "-> ../../../etc"}});
  const auto leaving = compose(root.layout, artifacts, version_of("13.0.2"), "wheels", test_hash());
  REQUIRE_FALSE(leaving);
  CHECK_THAT(causes(leaving.error()), ContainsSubstring("leaves the tree"));
  CHECK(value(fs::list(root.layout.tmp())).empty());
}

TEST_CASE("the same install twice does nothing the second time", "[store]") {
  const TestRoot root;
  auto artifacts = two(root);
  const auto first = compose_13(root, artifacts);
  std::swap(artifacts[0], artifacts[1]);
  const auto second = compose_13(root, artifacts);
  CHECK_FALSE(first.reused);
  CHECK(second.reused);
  CHECK(second.receipt.id == first.receipt.id);
  CHECK(toolkit_id(version_of("13.0.1"), artifacts, test_hash()) != first.receipt.id);
}

TEST_CASE("damage is noticed and the next install repairs it", "[store]") {
  const TestRoot root;
  const auto artifacts = two(root);
  const auto tree = compose_13(root, artifacts).receipt.path;
  const auto open = [](const std::string& path) { value(fs::set_mode(path, 0755)); };
  const auto damage = [&](const std::string& how) {
    open(tree);
    open(tree + "/bin");
    open(tree + "/lib");
    if (how == "tree deleted") value(fs::remove_tree(tree));
    if (how == "file deleted") value(fs::remove_file(tree + "/bin/nvcc.profile"));
    if (how == "witness deleted") value(fs::remove_file(tree + "/bin/nvcc"));
    if (how == "file added") value(fs::write_new_file(tree + "/lib/new", "x", 0444));
    if (how == "mode changed") value(fs::set_mode(tree + "/include/cuda.h", 0600));
    if (how == "receipt cut") value(fs::write_file_atomic(Layout::receipt(tree), "schema = 1\n"));
    if (how == "receipt deleted") value(fs::remove_file(Layout::receipt(tree)));
    if (how == "listing deleted") value(fs::remove_file(Layout::listing(tree)));
  };
  for (const std::string how : {"tree deleted", "file deleted", "witness deleted", "file added", "receipt cut",
                                "receipt deleted", "listing deleted"}) {
    INFO(how);
    damage(how);
    const auto again = compose_13(root, artifacts);
    CHECK_FALSE(again.reused);
    CHECK(value(check_tree(again.receipt)).empty());
    CHECK(value(read_installed(root.layout)).damaged.empty());
    CHECK(value(fs::list(root.layout.tmp())).empty());
  }
  // A hard link shares its mode with the store: the component is damaged too, and must be unpacked again.
  damage("mode changed");
  CHECK_FALSE(has_component(root.layout, artifacts[1]));
  value(commit_component(root.layout, root.staged(cudart_wheel), artifacts[1]));
  CHECK(has_component(root.layout, artifacts[1]));
  CHECK(value(check_tree(compose_13(root, artifacts).receipt)).empty());
}

TEST_CASE("list names what is damaged and nothing older takes its place", "[store]") {
  const TestRoot root;
  const auto tree = compose_13(root, two(root)).receipt.path;
  value(compose(root.layout, {root.add(wheels, "nvcc", "13.0.48", nvcc_wheel)}, version_of("13.0.0"), "wheels", test_hash()));
  value(fs::set_mode(tree, 0755));
  value(fs::remove_tree(tree));
  const auto installed = value(read_installed(root.layout));
  REQUIRE(installed.damaged.size() == 1);
  CHECK(installed.damaged[0].name == "13.0.2");
  CHECK(installed.damaged[0].reason == tree + " is missing");
  VersionSpec spec;
  const char* reason = "";
  REQUIRE(parse_spec("13.0", spec, reason));
  CHECK_FALSE(choose(spec, installed));
}

TEST_CASE("what an interrupted install leaves is never visible", "[store]") {
  const TestRoot root;
  const auto artifact = TestRoot::artifact(wheels, "nvcc", "13.0.88", nvcc_wheel);
  // Killed while unpacking, before the commit, and before the name was written.
  (void)root.staged({{"nvidia/cu13/bin/nvcc", "half"}});
  CHECK_FALSE(has_component(root.layout, artifact));
  value(fs::make_folders(root.layout.toolkit("0123")));
  value(fs::make_link("../toolkits/0123", root.layout.name("13.0.2.new.99")));
  CHECK(value(read_installed(root.layout)).toolkits.empty());
  CHECK(value(read_installed(root.layout)).damaged.empty());
  // The next one goes through all the same.
  CHECK_FALSE(compose_13(root, two(root)).reused);
  // Two processes commit the same component: the second finds it done.
  const auto again = root.staged(nvcc_wheel);
  value(commit_component(root.layout, again, artifact));
  CHECK_FALSE(fs::exists(again));
}

TEST_CASE("where the file system gives no hard link, files are copied, and it is counted", "[store]") {
  const TestRoot root;
  const auto elsewhere = fs::make_temp_folder("/dev/shm", "cudaenv-store-test-");
  if (!elsewhere || value(fs::status(*elsewhere)).device == value(fs::status(root.folder())).device) {
    WARN("skipped: /dev/shm is not a second file system here");
    return;
  }
  root.write(*elsewhere, {{"nvcc", "#!/bin/sh\n"}});
  const MergePlan plan{{"bin/nvcc", {0, *elsewhere + "/nvcc", 0555, 10, 0, 0, {}}}};
  const auto tree = value(stage(root.layout, "copy"));
  CHECK(value(merge(plan, tree)) == 1);
  CHECK(value(fs::read_file(tree + "/bin/nvcc", 100)) == "#!/bin/sh\n");
  CHECK(value(fs::status(tree + "/bin/nvcc")).mode == 0555);
  value(fs::remove_tree(*elsewhere));
}

TEST_CASE("a component that is not in the store cannot be composed", "[store]") {
  const TestRoot root;
  auto artifact = TestRoot::artifact(wheels, "nvcc", "13.0.88", nvcc_wheel);
  CHECK_FALSE(compose(root.layout, {artifact}, version_of("13.0.2"), "wheels", test_hash()));
  artifact.sha256 = "../../etc";
  CHECK_FALSE(compose(root.layout, {artifact}, version_of("13.0.2"), "wheels", test_hash()));
  CHECK_FALSE(commit_component(root.layout, root.staged(nvcc_wheel), artifact));
  CHECK(value(fs::list(root.layout.names())).empty());
}

TEST_CASE("a name that is linked is not taken over by an install", "[store]") {
  const TestRoot root;
  const auto tree = root.folder() + "/cuda";
  root.write(tree, {{"include/cuda.h", "#define CUDA_VERSION 13000\n"}, {"lib64/x", ""}});
  value(link_toolkit(root.layout, tree, "13.0.2"));
  const auto composed = compose(root.layout, two(root), version_of("13.0.2"), "wheels", test_hash());
  REQUIRE_FALSE(composed);
  CHECK(composed.error().hint == "cudaenv unlink 13.0.2");
}

TEST_CASE("a root that cannot be used says why", "[store]") {
  const TestRoot root;
  value(fs::write_file_atomic(root.layout.version_file(), "2\n"));
  const auto newer = open_root(root.layout);
  REQUIRE_FALSE(newer);
  CHECK(causes(newer.error()) == "its layout is version 2, made by a newer cudaenv");
  CHECK_FALSE(read_installed(root.layout));
  value(fs::write_file_atomic(root.layout.version_file(), "x"));
  CHECK_FALSE(open_root(root.layout));
  value(fs::write_file_atomic(root.layout.version_file(), "1\n"));
  value(fs::set_mode(root.layout.root, 0777));
  const auto open = open_root(root.layout);
  REQUIRE_FALSE(open);
  CHECK(causes(open.error()) == "any user may write to it");
  value(fs::set_mode(root.layout.root, 0755));
  value(open_root(root.layout));
  CHECK_FALSE(open_root({root.layout.version_file()}));
  CHECK(value(read_installed({root.folder() + "/absent"})).toolkits.empty());
}
