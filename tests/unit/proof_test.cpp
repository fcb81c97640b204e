// The probe against drivers that hang, crash, lie or refuse: every verdict right, every deadline kept.
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "sys/fs.hpp"
#include "unit/catch.hpp"
#include "verify/judge.hpp"

using namespace cudaenv;
using namespace std::chrono_literals;

namespace {

const std::string fakes = CUDAENV_BUILD_DIR "/tests/fake/";

World world_with(const std::string& libcuda) {
  World world;
  world.env = Environment({{"PATH", "/usr/bin:/bin"}, {"CUDAENV_LIBCUDA", libcuda}});
  world.paths.libexec = CUDAENV_BUILD_DIR "/libexec/cudaenv";
  world.paths.share = CUDAENV_BUILD_DIR "/share/cudaenv";
  return world;
}

// A machine with a GPU, as its kernel shows it.
verify::MachineFacts gpu_machine() {
  verify::MachineFacts machine;
  machine.kernel_module = "580.159.04";
  machine.gpus = {{"GPU-11111111-1111-1111-1111-111111111111", "Fake GPU"}};
  machine.devices = {"nvidia0", "nvidiactl"};
  return machine;
}

struct Proof {
  Verdict verdict;
  verify::ProbeReport report;
  double elapsed_ms = 0;

  [[nodiscard]] std::string cause() const { return verdict.cause ? verdict.cause->id : ""; }
  [[nodiscard]] std::string status(std::string_view name) const {
    for (const auto& step : verdict.steps)
      if (step.name == name) return step_status_name(step.status);
    return "absent";
  }
  [[nodiscard]] std::string evidence(std::string_view name) const {
    for (const auto& step : verdict.steps)
      if (step.name == name) return step.evidence;
    return "absent";
  }
};

struct Setting {
  std::string toolkit = "toolkit";
  std::string version = "13.0.2";
  verify::MachineFacts machine = gpu_machine();
  std::chrono::milliseconds deadline = 5s;
  std::optional<int> device = {};
  std::optional<std::string> visible = std::nullopt;  // CUDA_VISIBLE_DEVICES
};

Proof prove_with(const World& world, const Setting& setting) {
  const auto tables = verify::read_tables(world.paths.share + "/manifests");
  REQUIRE(tables);
  verify::Evidence evidence;
  REQUIRE(parse_version(setting.version, evidence.toolkit));
  verify::ProbeRequest request;
  request.toolkit = setting.toolkit.starts_with('/') ? setting.toolkit : fakes + setting.toolkit;
  request.archs = tables->archs_of(verify::cuda_number(evidence.toolkit));
  request.isa = verify::isa_text(tables->known_isa(verify::cuda_number(evidence.toolkit)));
  request.deadline = setting.deadline;
  request.device = setting.device;
  const auto start = std::chrono::steady_clock::now();
  auto report = verify::run_probe(world, request);
  Proof proof;
  proof.elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  REQUIRE(report);
  evidence.machine = setting.machine;
  evidence.report = *report;
  evidence.device = setting.device;
  evidence.visible = verify::read_visible_devices(setting.visible, {});
  proof.report = *report;
  proof.verdict = verify::judge(*tables, evidence);
  // Whatever happened, no child of ours is left unreaped.
  CHECK((::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD));
  return proof;
}

Proof prove_fake(const std::string& driver, const Setting& setting = {}) {
  return prove_with(world_with(fakes + driver + "/libcuda.so.1"), setting);
}

}  // namespace

TEST_CASE("a driver that works is proven, and every value was checked", "[proof]") {
  const auto proof = prove_fake("ok");
  INFO(proof.report.noise);
  CHECK(proof.verdict.kind == Verdict::Kind::proven);
  CHECK_FALSE(proof.verdict.cause);
  for (const auto* name : {"facts", "genuine", "floor", "arch", "sass", "ptx", "cudart"}) CHECK(proof.status(name) == "pass");
  CHECK(proof.evidence("sass") == "sm_90 by nvrtc, 4096 values checked");
  CHECK(proof.evidence("ptx") == "compute_90 by nvrtc, 4096 values checked");
  CHECK(proof.evidence("floor") == "driver 13.0 >= 13.0");
  CHECK_THAT(proof.evidence("facts"), ContainsSubstring("Fake GPU 0 sm_90"));
}

TEST_CASE("every driver's failure has its verdict, its cause and its deadline", "[proof]") {
  struct Case {
    const char* driver;
    Verdict::Kind kind;
    const char* cause;
    int cuda_error;
    const char* failed_step;
  };
  using Kind = Verdict::Kind;
  static const Case cases[] = {
      {"init-34", Kind::refused, "stub-libcuda", 34, "genuine"},
      {"init-46", Kind::refused, "gpu-busy", 46, "facts"},
      {"init-100", Kind::refused, "no-device", 100, "facts"},
      {"init-101", Kind::refused, "invalid-device", 101, "facts"},
      {"init-802", Kind::refused, "system-not-ready", 802, "facts"},
      {"init-803", Kind::refused, "driver-mismatch", 803, "genuine"},
      {"init-804", Kind::refused, "compat-not-supported", 804, "genuine"},
      {"init-999", Kind::refused, "driver-unknown-error", 999, "facts"},
      {"context-201", Kind::refused, "invalid-context", 201, "sass"},
      {"context-214", Kind::refused, "ecc-uncorrectable", 214, "sass"},
      {"context-220", Kind::refused, "nvlink-uncorrectable", 220, "sass"},
      {"context-304", Kind::refused, "os-call-failed", 304, "sass"},
      {"sass-200", Kind::refused, "invalid-image", 200, "sass"},
      {"sass-209", Kind::refused, "no-kernel-image", 209, "sass"},
      {"ptx-218", Kind::degraded, "invalid-ptx", 218, "ptx"},
      {"ptx-221", Kind::degraded, "jit-compiler-missing", 221, "ptx"},
      {"ptx-222", Kind::degraded, "ptx-too-new", 222, "ptx"},
      {"ptx-300", Kind::degraded, "invalid-source", 300, "ptx"},
      {"sync-719", Kind::refused, "launch-failed", 719, "sass"},
      {"old", Kind::refused, "driver-too-old", 35, "floor"},
      {"pascal", Kind::refused, "gpu-too-old", 0, "arch"},
      {"devices-0", Kind::refused, "no-device", 100, "facts"},
      {"wrong-value", Kind::refused, "wrong-results", 0, "sass"},
      {"idle", Kind::refused, "wrong-results", 0, "sass"},
      {"missing-symbol", Kind::refused, "libcuda-incomplete", 0, "facts"},
      {"exit-constructor", Kind::refused, "driver-left", 0, "facts"},
      {"segv-constructor", Kind::refused, "driver-crashed", 0, "facts"},
      {"abort-constructor", Kind::refused, "driver-crashed", 0, "facts"},
      {"close-constructor", Kind::refused, "driver-left", 0, "facts"},
      {"segv-init", Kind::refused, "driver-crashed", 0, "facts"},
  };
  for (const auto& one : cases) {
    INFO(one.driver);
    const auto proof = prove_fake(one.driver);
    CHECK(proof.verdict.kind == one.kind);
    CHECK(proof.cause() == one.cause);
    if (proof.verdict.cause) {
      CHECK(proof.verdict.cause->cuda_error == one.cuda_error);
      CHECK_FALSE(proof.verdict.cause->what.empty());
      CHECK_FALSE(proof.verdict.cause->fix.empty());
      CHECK(proof.verdict.cause->what.find('{') == std::string::npos);
    }
    CHECK(proof.status(one.failed_step) == "fail");
    CHECK(proof.elapsed_ms < 4000);
  }
}

TEST_CASE("a hung driver costs at most a second more than its deadline", "[proof]") {
  for (const std::string driver : {"hang-constructor", "hang-init", "stubborn-constructor", "hang-load-ptx"}) {
    INFO(driver);
    const auto proof = prove_fake(driver, {.deadline = 600ms});
    CHECK(proof.verdict.kind == Verdict::Kind::refused);
    CHECK(proof.cause() == "driver-hung");
    CHECK(proof.elapsed_ms >= 600);
    CHECK(proof.elapsed_ms < 1600);
  }
}

TEST_CASE("odd but working drivers are proven all the same", "[proof]") {
  for (const std::string driver : {"noise-constructor", "fork-constructor", "fork-init", "slow-constructor",
                                   "greedy-constructor", "segv-destructor", "devices-2", "mig"}) {
    INFO(driver);
    const auto proof = prove_fake(driver);
    INFO(proof.cause());
    CHECK(proof.verdict.kind == Verdict::Kind::proven);
    CHECK(proof.elapsed_ms < 4000);
  }
}

TEST_CASE("a driver library that is none is named for what it is", "[proof]") {
  const auto folder = fs::make_temp_folder("/tmp", "cudaenv-proof-");
  REQUIRE(folder);
  const auto library = *folder + "/libcuda.so.1";
  auto bytes = fs::read_file(fakes + "ok/libcuda.so.1", 1 << 24);
  REQUIRE(bytes);
  SECTION("32 bits") {
    auto other = *bytes;
    other[4] = 1;  // EI_CLASS = ELFCLASS32
    REQUIRE(fs::write_file_atomic(library, other));
    CHECK(prove_with(world_with(library), {}).cause() == "libcuda-wrong-class");
  }
  SECTION("cut short") {
    REQUIRE(fs::write_file_atomic(library, bytes->substr(0, 40)));
    CHECK(prove_with(world_with(library), {}).cause() == "libcuda-damaged");
  }
  SECTION("empty") {
    REQUIRE(fs::write_file_atomic(library, ""));
    CHECK(prove_with(world_with(library), {}).cause() == "libcuda-damaged");
  }
  SECTION("not there, although named") {
    const auto proof = prove_with(world_with(library), {});
    CHECK(proof.cause() == "libcuda-missing");
    CHECK(proof.verdict.kind == Verdict::Kind::refused);
  }
  REQUIRE(fs::remove_tree(*folder));
}

TEST_CASE("without a GPU a toolkit may still compile", "[proof]") {
  const auto no_gpu = prove_fake("init-100", {.machine = {}});
  CHECK(no_gpu.verdict.kind == Verdict::Kind::compile_only);
  CHECK(no_gpu.cause() == "no-gpu");
  const auto hidden = prove_fake("init-100", {.visible = ""});
  CHECK(hidden.verdict.kind == Verdict::Kind::compile_only);
  CHECK(hidden.cause() == "gpus-hidden");
}

TEST_CASE("what a toolkit lacks or breaks is told from what the driver refuses", "[proof]") {
  const auto no_compiler = prove_fake("ok", {.toolkit = "toolkit-no-compiler"});
  CHECK(no_compiler.verdict.kind == Verdict::Kind::degraded);
  CHECK(no_compiler.cause() == "no-compiler");
  CHECK(no_compiler.status("sass") == "skip");
  CHECK(no_compiler.evidence("ptx") ==
        "the toolkit has no compiler; compute_80 by carried (PTX that the probe carries) ran through the driver");
  CHECK(no_compiler.evidence("cudart") == "libcudart.so.13 13000: allocated, copied, launched, 4096 values checked, freed");
  CHECK_THAT(no_compiler.verdict.cause->what, EndsWith("; its libcudart.so.13 alone was proven"));
  const auto nothing = prove_fake("sync-719", {.toolkit = "toolkit-no-compiler"});
  CHECK(nothing.verdict.kind == Verdict::Kind::refused);
  CHECK(nothing.cause() == "launch-failed");
  const auto old = prove_fake("ok", {.toolkit = "toolkit-cudart-old"});
  CHECK(old.verdict.kind == Verdict::Kind::proven);
  CHECK(old.evidence("cudart") == "libcudart.so.13 13000: allocated, copied, compared, freed");
  const auto launch = prove_fake("ok", {.toolkit = "toolkit-cudart-launch-98"});
  CHECK(launch.verdict.kind == Verdict::Kind::refused);
  CHECK_THAT(launch.evidence("cudart"), StartsWith("libcudart.so.13: cudaLaunchKernel answers 98"));
  const auto broken = prove_fake("ok", {.toolkit = "toolkit-nvrtc-fails"});
  CHECK(broken.verdict.kind == Verdict::Kind::refused);
  CHECK(broken.cause() == "compile-failed");
  CHECK_THAT(broken.evidence("sass"), ContainsSubstring("fake: no builtins"));
  const auto runtime = prove_fake("ok", {.toolkit = "toolkit-cudart-35"});
  CHECK(runtime.verdict.kind == Verdict::Kind::refused);
  CHECK(runtime.cause() == "driver-too-old");
  CHECK(runtime.evidence("cudart") == "libcudart.so.13: cudaMalloc answers 35 cudaErrorInsufficientDriver");
}

TEST_CASE("devices are counted, and a GPU newer than the toolkit runs its PTX only", "[proof]") {
  const auto missing = prove_fake("devices-2", {.device = 2});
  CHECK(missing.cause() == "invalid-device");
  CHECK(prove_fake("devices-2", {.device = 1}).verdict.kind == Verdict::Kind::proven);
  const auto newer = prove_fake("blackwell", {.version = "12.4.1"});  // its NVRTC ends at sm_90
  CHECK(newer.verdict.kind == Verdict::Kind::degraded);
  CHECK(newer.cause() == "gpu-newer-than-toolkit");
  CHECK(newer.status("sass") == "fail");
  CHECK(newer.status("ptx") == "pass");
  const auto ampere = prove_fake("ampere");  // sm_80 code runs on sm_86
  CHECK(ampere.evidence("sass") == "sm_80 by nvrtc, 4096 values checked");
}

TEST_CASE("every visible GPU is proven, and what they agree on is said once", "[proof]") {
  const auto eight = prove_fake("devices-8");
  CHECK(eight.verdict.kind == Verdict::Kind::proven);
  CHECK(eight.evidence("sass") == "sm_90 by nvrtc, 4096 values checked on 8 GPUs");
  CHECK_THAT(eight.evidence("cudart"), EndsWith("launched, 4096 values checked, freed on 8 GPUs"));
  REQUIRE(eight.verdict.gpus.size() == 8);
  CHECK(eight.verdict.gpus[7].index == 7);
  CHECK(eight.verdict.gpus[7].compute_capability == "9.0");
  for (const auto& gpu : eight.verdict.gpus) CHECK(gpu.kind == Verdict::Kind::proven);
  const auto one = prove_fake("devices-8", {.device = 3});
  CHECK(one.evidence("sass") == "sm_90 by nvrtc, 4096 values checked");
  CHECK_THAT(one.evidence("facts"), ContainsSubstring("GPU 3 Fake GPU 3 sm_90, 8 GPUs in all"));
  REQUIRE(one.verdict.gpus.size() == 1);
}

TEST_CASE("sixteen GPUs of mixed kinds: each target is compiled once", "[proof]") {
  const auto mixed = prove_fake("devices-16", {.toolkit = "toolkit-cudart-old"});  // its NVRTC says what it compiles
  CHECK(mixed.verdict.kind == Verdict::Kind::proven);
  // sm_86 takes the code of sm_80.
  CHECK(mixed.evidence("sass") == "GPUs 0,3-4,7-8,11-12,15: sm_90 by nvrtc, 4096 values checked; "
                                  "GPUs 1-2,5-6,9-10,13-14: sm_80 by nvrtc, 4096 values checked");
  for (const std::string target : {"[sm_90]", "[sm_80]", "[compute_90]", "[compute_80]"}) {
    INFO(mixed.report.noise);
    const auto first = mixed.report.noise.find(target);
    REQUIRE(first != std::string::npos);
    CHECK(mixed.report.noise.find(target, first + 1) == std::string::npos);
  }
  const auto odd = prove_fake("devices-16-odd");  // every other one is a Pascal
  CHECK(odd.verdict.kind == Verdict::Kind::refused);
  CHECK(odd.cause() == "gpu-too-old");
  CHECK_THAT(odd.verdict.cause->what, StartsWith("GPUs 1,3,5,7,9,11,13,15: sm_61 is older"));
  CHECK_THAT(odd.verdict.cause->fix, ContainsSubstring("export CUDA_VISIBLE_DEVICES=GPU-11111111,GPU-33333333,"));
  CHECK(odd.evidence("sass") == "sm_90 by nvrtc, 4096 values checked on 8 GPUs");
}

TEST_CASE("a crash while other GPUs wait for the compiler is the driver's", "[proof]") {
  verify::Evidence evidence;
  evidence.machine = gpu_machine();
  REQUIRE(parse_version("13.0.2", evidence.toolkit));
  evidence.report.end = ChildResult::End::signalled;
  evidence.report.status = SIGSEGV;
  evidence.report.records = {{"libcuda.path", "/lib/libcuda.so.580.159.04"}, {"cuda.version", "13000"}, {"cuda.init", "0"},
                             {"device.error", "0"}, {"device.count", "2"}, {"device.0.cc", "9.0"}, {"device.1.cc", "9.0"},
                             {"gpu.0.context.error", "0"}, {"gpu.1.context.error", "0"},
                             {"gpu.0.stage", "compile-sass"}, {"gpu.1.stage", "sass"}};
  const auto tables = verify::read_tables(CUDAENV_BUILD_DIR "/share/cudaenv/manifests");
  REQUIRE(tables);
  CHECK(verify::judge(*tables, evidence).cause->id == "driver-crashed");
  evidence.report.records["gpu.1.stage"] = "compile-sass";
  CHECK(verify::judge(*tables, evidence).cause->id == "compile-failed");
}

TEST_CASE("the verdict names the GPU that fails, and the worst decides", "[proof]") {
  const auto ecc = prove_fake("gpu5-214");
  CHECK(ecc.verdict.kind == Verdict::Kind::refused);
  CHECK(ecc.cause() == "ecc-uncorrectable");
  CHECK_THAT(ecc.verdict.cause->what, StartsWith("GPU 5: "));
  CHECK_THAT(ecc.evidence("sass"), StartsWith("GPU 5: no context: 214"));
  CHECK_THAT(ecc.evidence("sass"), EndsWith("GPUs 0-4,6-7: sm_90 by nvrtc, 4096 values checked"));
  CHECK(ecc.verdict.gpus[4].kind == Verdict::Kind::proven);
  CHECK(ecc.verdict.gpus[5].kind == Verdict::Kind::refused);
  CHECK_THAT(ecc.verdict.gpus[5].why, StartsWith("sass: no context"));
  CHECK(prove_fake("gpu5-214", {.device = 4}).verdict.kind == Verdict::Kind::proven);
  const auto half = prove_fake("gpu1-222");
  CHECK(half.verdict.kind == Verdict::Kind::degraded);
  CHECK_THAT(half.verdict.cause->what, StartsWith("GPU 1: "));
  CHECK(half.verdict.cause->cuda_error == 222);
  CHECK(half.verdict.gpus[0].kind == Verdict::Kind::proven);
  CHECK(half.verdict.gpus[1].kind == Verdict::Kind::degraded);
  const auto hung = prove_fake("gpu2-hang", {.deadline = 700ms});
  CHECK(hung.cause() == "driver-hung");
  CHECK_THAT(hung.verdict.cause->what, StartsWith("GPU 2: "));
  CHECK_THAT(hung.evidence("sass"), ContainsSubstring("GPU 2: no answer from `sass` within 0.7"));
  CHECK_THAT(hung.evidence("cudart"), EndsWith("freed on 3 GPUs"));
  CHECK(prove_fake("gpu3-wrong").verdict.gpus[3].kind == Verdict::Kind::refused);
}

TEST_CASE("a toolkit without NVRTC is proven by its ptxas and by PTX text", "[proof]") {
  const auto folder = fs::make_temp_folder("/tmp", "cudaenv-proof-");
  REQUIRE(folder);
  REQUIRE(fs::make_folders(*folder + "/bin"));
  // "Compiles" by putting the word for machine code before the PTX.
  REQUIRE(fs::write_file_atomic(*folder + "/bin/ptxas",
                                "#!/bin/sh\n[ \"$1\" = -arch=sm_90 ] || exit 9\n{ echo FAKE-SASS; cat \"$4\"; } > \"$3\"\n",
                                0755));
  const auto text = prove_fake("ok", {.toolkit = *folder});
  CHECK(text.verdict.kind == Verdict::Kind::proven);
  CHECK(text.evidence("sass") == "sm_90 by ptxas, 4096 values checked");
  CHECK_THAT(text.evidence("ptx"), ContainsSubstring("compute_90 by text"));
  REQUIRE(fs::write_file_atomic(*folder + "/bin/nvcc", "#!/bin/sh\ncp \"$5\" \"$4\"\n", 0755));
  CHECK(prove_fake("ok", {.toolkit = *folder}).evidence("ptx") == "compute_90 by nvcc, 4096 values checked");
  REQUIRE(fs::write_file_atomic(*folder + "/bin/ptxas", "#!/bin/sh\necho no such target >&2\nexit 1\n", 0755));
  const auto failed = prove_fake("ok", {.toolkit = *folder});
  CHECK(failed.cause() == "compile-failed");
  CHECK_THAT(failed.evidence("sass"), ContainsSubstring("no such target"));
  REQUIRE(fs::remove_tree(*folder));
}

TEST_CASE("only records with the nonce count", "[proof]") {
  const auto records = verify::parse_records("ab12 a=1\nother done=1\nab12done=1\nab12 b=x%0Ay%zz\nab12 =no\nab12 cut=1", "ab12");
  CHECK(records.size() == 2);
  CHECK(records.at("a") == "1");
  CHECK(records.at("b") == "x\ny%zz");
}
