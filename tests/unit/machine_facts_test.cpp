// What the kernel says, from folders that look like machines.
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "sys/fs.hpp"
#include "unit/catch.hpp"
#include "verify/driver_notes.hpp"
#include "verify/machine_facts.hpp"
#include "verify/verdict_cache.hpp"

using namespace cudaenv;
using namespace cudaenv::verify;

namespace {

struct Root {
  std::string path;
  Root() {
    auto made = fs::make_temp_folder("/tmp", "cudaenv-machine-");
    REQUIRE(made);
    path = *made;
  }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() { (void)fs::remove_tree(path); }
  void put(const std::string& file, const std::string& text) const {
    REQUIRE(fs::make_folders(fs::parent(path + "/" + file)));
    REQUIRE(fs::write_file_atomic(path + "/" + file, text));
  }
};

}  // namespace

TEST_CASE("a machine with a driver", "[machine]") {
  const Root root;
  root.put("sys/module/nvidia/version", "580.159.04\n");
  root.put("proc/driver/nvidia/gpus/0000:3b:00.0/information",
           "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 300\nGPU UUID: \t GPU-0f6f1c2e-0000-0000-0000-000000000001\n");
  root.put("proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
  for (const auto* node : {"nvidia0", "nvidiactl", "nvidia-uvm", "null", "nvidia-caps"}) root.put(std::string("dev/") + node, "");
  root.put(".dockerenv", "");
  const auto facts = read_machine_facts(root.path);
  CHECK(facts.kernel_module == "580.159.04");
  REQUIRE(facts.gpus.size() == 1);
  CHECK(facts.gpus[0].uuid == "GPU-0f6f1c2e-0000-0000-0000-000000000001");
  CHECK(facts.gpus[0].name == "NVIDIA H100 80GB HBM3");
  CHECK(facts.devices == std::vector<std::string>{"nvidia-uvm", "nvidia0", "nvidiactl"});
  CHECK(facts.has_device_nodes());
  CHECK(facts.container == "docker");
  CHECK(facts.boot_id == "11111111-2222-3333-4444-555555555555");
  CHECK_FALSE(facts.wsl);
}

TEST_CASE("a machine without one, and WSL", "[machine]") {
  const Root bare, wsl, broken;
  CHECK_FALSE(read_machine_facts(bare.path).has_driver());
  CHECK_FALSE(read_machine_facts(bare.path).has_device_nodes());
  wsl.put("dev/dxg", "");
  CHECK(read_machine_facts(wsl.path).wsl);
  CHECK(read_machine_facts(wsl.path).has_driver());
  CHECK(read_machine_facts(wsl.path).kernel_module.empty());
  broken.put("sys/module/nvidia/version", std::string("\0\n../../etc", 11));
  broken.put("proc/driver/nvidia/version", "NVRM version: nonsense\n");
  broken.put("dev/nvidiactl", "");
  CHECK(read_machine_facts(broken.path).kernel_module.empty());
  CHECK_FALSE(read_machine_facts(broken.path).has_device_nodes());
}

TEST_CASE("WSL: which libcuda is expected", "[machine]") {
  const Root root;
  root.put("dev/dxg", "");
  root.put("usr/lib/wsl/lib/libcuda.so.1", "");
  const auto machine = read_machine_facts(root.path);
  CHECK(machine.wsl_libcuda == "/usr/lib/wsl/lib/libcuda.so.1");
  DriverFacts facts;
  facts.libcuda.path = "/usr/lib/wsl/lib/libcuda.so.1";
  CHECK(driver_notes(machine, facts, {}, {}).empty());
  facts.libcuda.path = "/usr/lib/x86_64-linux-gnu/libcuda.so.535.309.01";
  const auto notes = driver_notes(machine, facts, {}, {});
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], ContainsSubstring("/usr/lib/wsl/lib/libcuda.so.1, but " + facts.libcuda.path));
}

TEST_CASE("Tegra names its release, or at least its chip", "[machine]") {
  const Root orin, chip, none;
  orin.put("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n# KERNEL_VARIANT: oot\n");
  for (const auto* node : {"nvhost-gpu", "nvmap"}) orin.put(std::string("dev/") + node, "");
  const auto facts = read_machine_facts(orin.path);
  CHECK(facts.jetson == "R36.4.3");
  CHECK(facts.has_driver());
  CHECK(facts.has_device_nodes());
  chip.put("proc/device-tree/compatible", std::string("nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0", 45));
  CHECK(read_machine_facts(chip.path).jetson == "tegra234");
  CHECK(read_machine_facts(none.path).jetson.empty());
  for (const char* bad : {"", "# R36", "# R36 (release), REVISION: ", "R36 REVISION: 4", "# Rx REVISION: 4.3"}) CHECK(parse_tegra_release(bad).empty());
}

TEST_CASE("device nodes that this user may not open are named", "[machine]") {
  const Root root;
  root.put("sys/module/nvidia/version", "580.159.04\n");
  for (const auto* node : {"nvidia0", "nvidiactl", "nvidia-nvswitch0", "nvidia-nvswitch1", "nvidia-nvswitchctl"}) root.put(std::string("dev/") + node, "");
  REQUIRE(fs::set_mode(root.path + "/dev/nvidia0", 0));
  REQUIRE(fs::set_mode(root.path, 0755));
  const bool root_user = ::geteuid() == 0;  // may open everything: look as somebody else
  if (root_user) REQUIRE(::seteuid(65534) == 0);
  const auto facts = read_machine_facts(root.path);
  if (root_user) REQUIRE(::seteuid(0) == 0);
  CHECK(std::find(facts.closed_devices.begin(), facts.closed_devices.end(), "nvidia0") != facts.closed_devices.end());
  CHECK(facts.nvswitches == 2);
  CHECK(facts.has_device_nodes());
  const auto notes = driver_notes(facts, {}, {}, {});
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], ContainsSubstring("/dev/nvidia0"));
}

TEST_CASE("a GPU without a driver, a driver without nodes", "[machine]") {
  const Root root;
  const auto pci = [&](const char* place, const char* vendor, const char* kind, const char* device) {
    const auto folder = std::string("sys/bus/pci/devices/") + place;
    root.put(folder + "/vendor", std::string(vendor) + "\n");
    root.put(folder + "/class", std::string(kind) + "\n");
    root.put(folder + "/device", std::string(device) + "\n");
  };
  pci("0000:3b:00.0", "0x10de", "0x030200", "0x2330");
  pci("0000:3b:00.1", "0x10de", "0x040300", "0x22ba");  // its sound device
  pci("0000:00:02.0", "0x8086", "0x030000", "0x9a60");
  const auto gpus = read_pci_gpus(root.path);
  CHECK(gpus == std::vector<std::string>{"0000:3b:00.0 10de:2330"});
  CHECK_THAT(driver_notes(read_machine_facts(root.path), {}, {}, gpus).at(0), ContainsSubstring("no kernel module is loaded"));
  root.put("sys/module/nvidia/version", "580.159.04\n");
  CHECK_THAT(driver_notes(read_machine_facts(root.path), {}, {}, {}).at(0), ContainsSubstring("there is no device node"));
  root.put(".dockerenv", "");
  CHECK_THAT(driver_notes(read_machine_facts(root.path), {}, {}, {}).at(0), ContainsSubstring("--gpus all"));
}

TEST_CASE("the module's version, whichever flavour wrote it", "[machine]") {
  CHECK(parse_module_version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.309.01  Tue Jul  1 10:00:00 UTC 2026\nGCC version: 12.2.0\n") == "535.309.01");
  CHECK(parse_module_version("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (dvs-builder@U22)  \n") == "580.159.04");
  CHECK(parse_module_version("GCC version: 12.2.0").empty());
  CHECK(parse_module_version("").empty());
}

TEST_CASE("driver versions compare by number", "[machine]") {
  CHECK(compare_drivers("580.9", "580.82.07") < 0);
  CHECK(compare_drivers("525.60.13", "525.60.13") == 0);
  CHECK(compare_drivers("525.147.05", "525.60.13") > 0);
  CHECK(compare_drivers("570.26", "570.26.0") == 0);
}

TEST_CASE("a verdict is kept only while everything it rests on is the same", "[machine]") {
  const Root root;
  World world;
  world.paths.cache = root.path + "/cache";
  root.put("libcuda.so.1", "genuine");
  const auto libcuda = root.path + "/libcuda.so.1";
  MachineFacts machine;
  machine.boot_id = "one";
  machine.kernel_module = "580.159.04";
  machine.gpus = {{"GPU-1", "H100"}};
  Receipt toolkit;
  toolkit.id = "abc";
  toolkit.path = root.path;
  Verdict verdict;
  verdict.kind = Verdict::Kind::degraded;
  verdict.toolkit = "13.5.0";
  verdict.steps = {{"ptx", StepStatus::fail, "compute_90 \"quoted\"\n"}};
  verdict.cause = Cause{"ptx-too-new", 222, "what", "fix"};
  const auto key = cache_key(world, machine, toolkit, {});
  CHECK_FALSE(find_verdict(key));
  REQUIRE(keep_verdict(key, verdict, libcuda));
  const auto kept = find_verdict(key);
  REQUIRE(kept);
  CHECK(kept->cached);
  CHECK(kept->kind == verdict.kind);
  CHECK(kept->steps[0].evidence == verdict.steps[0].evidence);
  CHECK(kept->cause->cuda_error == 222);

  SECTION("another boot, module, GPU, toolkit or device") {
    auto other = machine;
    other.boot_id = "two";
    CHECK_FALSE(find_verdict(cache_key(world, other, toolkit, {})));
    other = machine, other.kernel_module = "590.44.01";
    CHECK_FALSE(find_verdict(cache_key(world, other, toolkit, {})));
    other = machine, other.gpus[0].uuid = "GPU-2";
    CHECK_FALSE(find_verdict(cache_key(world, other, toolkit, {})));
    other = machine, other.devices = {"nvidia0"};
    CHECK_FALSE(find_verdict(cache_key(world, other, toolkit, {})));
    auto another = toolkit;
    another.id = "abd";
    CHECK_FALSE(find_verdict(cache_key(world, machine, another, {})));
    CHECK_FALSE(find_verdict(cache_key(world, machine, toolkit, 1)));
  }
  SECTION("the same machine, started again with another driver") {
    // As two boots leave it in /proc and /sys.
    const Root before, after;
    for (const auto* boot : {&before, &after}) boot->put("proc/sys/kernel/random/boot_id", "one\n");
    before.put("sys/module/nvidia/version", "580.159.04\n");
    after.put("sys/module/nvidia/version", "590.44.01\n");
    const auto then = cache_key(world, read_machine_facts(before.path), toolkit, {});
    REQUIRE(keep_verdict(then, verdict, libcuda));
    CHECK(find_verdict(cache_key(world, read_machine_facts(before.path), toolkit, {})));
    CHECK_FALSE(find_verdict(cache_key(world, read_machine_facts(after.path), toolkit, {})));
    after.put("sys/module/nvidia/version", "580.159.04\n");
    after.put("proc/sys/kernel/random/boot_id", "two\n");
    CHECK_FALSE(find_verdict(cache_key(world, read_machine_facts(after.path), toolkit, {})));
  }
  SECTION("a libcuda that comes before the one that was proven") {
    world.env = Environment({{"LD_LIBRARY_PATH", root.path + "/first"}});
    root.put("first/other.so", "x");
    const auto there = cache_key(world, machine, toolkit, {});
    REQUIRE(keep_verdict(there, verdict, libcuda));
    CHECK(find_verdict(cache_key(world, machine, toolkit, {})));
    root.put("first/libcuda.so.1", "in the way");
    CHECK_FALSE(find_verdict(cache_key(world, machine, toolkit, {})));
  }
  SECTION("another probe") {
    world.paths.libexec = root.path + "/libexec";
    CHECK(find_verdict(cache_key(world, machine, toolkit, {})));
    root.put("libexec/cudaenv-probe", "new");
    CHECK_FALSE(find_verdict(cache_key(world, machine, toolkit, {})));
  }
  SECTION("another environment, also one that is only set and empty") {
    for (const auto* name : {"CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "CUDAENV_LIBCUDA", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY"}) {
      world.env = Environment(std::map<std::string, std::string, std::less<>>{{name, ""}});
      CHECK_FALSE(find_verdict(cache_key(world, machine, toolkit, {})));
    }
  }
  SECTION("another libcuda in the same place") {
    REQUIRE(fs::write_file_atomic(libcuda, "another one"));
    CHECK_FALSE(find_verdict(key));
  }
  SECTION("every prefix of the file is no verdict, and no crash") {
    const auto whole = fs::read_file(key.file, 1 << 20);
    REQUIRE(whole);
    for (std::size_t size = 0; size < whole->size(); ++size) {
      std::ofstream(key.file, std::ios::binary | std::ios::trunc) << whole->substr(0, size);
      CHECK_FALSE(find_verdict(key));
    }
  }
}
