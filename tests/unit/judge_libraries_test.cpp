// Records of the libraries' child as steps of a verdict.
#include "unit/catch.hpp"
#include "verify/judge_libraries.hpp"

using namespace cudaenv;
using verify::LibraryRun;

namespace {

using Records = std::map<std::string, std::string, std::less<>>;

LibraryRun run_of(std::vector<std::string> asked, Records records) {
  LibraryRun run;
  run.asked = std::move(asked);
  run.report.records = std::move(records);
  return run;
}

const std::vector<std::string> all{"gemm", "cufft", "cudnn", "nccl"};

Records good() {
  return {{"stage", "nccl"},          {"libraries", "done"},      {"gemm.path", "/t/lib/libcublas.so.12"},
          {"gemm.version", "120804"}, {"gemm.ms", "0.1923"},      {"gemm.tflops", "714.7"},
          {"gemm.max_error", "0.008"}, {"gemm.checked", "1024"},  {"gemm.wrong", "0"},
          {"gemm.error", "0"},        {"cufft.absent", "libcufft.so"}, {"cudnn.path", "/t/lib/libcudnn.so.8"},
          {"cudnn.version", "8907"},  {"cudnn.checked", "6144"},  {"cudnn.wrong", "0"},
          {"cudnn.error", "0"},       {"nccl.path", "/t/lib/libnccl.so.2"}, {"nccl.version", "2804"},
          {"nccl.gpus", "1"},         {"nccl.checked", "1048576"}, {"nccl.wrong", "0"},
          {"nccl.error", "0"}};
}

verify::FurtherSteps judged(const std::vector<LibraryRun>& runs) {
  verify::CauseFacts facts;
  facts.toolkit = "12.8.1";
  return verify::judge_libraries(runs, facts);
}

const Step& step(const verify::FurtherSteps& further, std::string_view name) {
  for (const auto& one : further.steps)
    if (one.name == name) return one;
  FAIL("no step " << name);
  return further.steps.front();
}

Verdict proven() {
  Verdict verdict;
  verdict.kind = Verdict::Kind::proven;
  verdict.toolkit = "12.8.1";
  return verdict;
}

}  // namespace

TEST_CASE("figures and versions are shown as each library writes them", "[libraries]") {
  const auto further = judged({run_of(all, good())});
  CHECK(step(further, "gemm").status == StepStatus::pass);
  CHECK(step(further, "gemm").evidence ==
        "libcublas.so.12 (12.8.4), the toolkit's own: bf16 4096x4096x4096 in 0.192 ms, 714.7 TFLOP/s; 1024 entries against "
        "double precision, largest error 0.008 of their size");
  CHECK(step(further, "cufft").status == StepStatus::skip);
  CHECK(step(further, "cufft").evidence == "cufft is not installed");
  CHECK(step(further, "cudnn").evidence == "libcudnn.so.8 (8.9.7), the toolkit's own: 6144 sums checked");
  CHECK(step(further, "nccl").evidence == "libnccl.so.2 (2.8.4), the toolkit's own: all-reduce over 1 GPU, 1048576 sums checked");
  CHECK_FALSE(further.cause);
  REQUIRE(further.gemm);
  CHECK(further.gemm->tflops == 714.7);
}

TEST_CASE("a library of another folder is named, and fails where the toolkit has its own", "[libraries]") {
  auto records = good();
  records["gemm.outside"] = "/usr/lib/libnvJitLink.so.12";
  const auto passing = judged({run_of(all, records)});
  CHECK(step(passing, "gemm").status == StepStatus::pass);
  CHECK(step(passing, "gemm").evidence.find("/usr/lib/libnvJitLink.so.12 is not of the toolkit") != std::string::npos);
  records["gemm.foreign"] = "/usr/lib/libcublasLt.so.12";
  const auto failing = judged({run_of(all, records)});
  CHECK(step(failing, "gemm").status == StepStatus::fail);
  REQUIRE(failing.cause);
  CHECK(failing.cause->id == "library-shadowed");
  CHECK_FALSE(failing.gemm);
}

TEST_CASE("wrong values refuse, other failures only degrade", "[libraries]") {
  auto records = good();
  records["cudnn.wrong"] = "3";
  auto verdict = proven();
  verify::add_further(verdict, judged({run_of(all, records)}));
  CHECK(verdict.kind == Verdict::Kind::refused);
  REQUIRE(verdict.cause);
  CHECK(verdict.cause->id == "wrong-results");
  CHECK(verify::further_step_failed(verdict));

  records = good();
  records["nccl.error"] = "2";
  records["nccl.call"] = "ncclCommInitAll";
  records["nccl.error_name"] = "unhandled system error";
  records["nccl.detail"] = "no space\x1b[31m left";
  verdict = proven();
  const auto further = judged({run_of(all, records)});
  CHECK(step(further, "nccl").evidence.find('\x1b') == std::string::npos);
  verify::add_further(verdict, further);
  CHECK(verdict.kind == Verdict::Kind::degraded);
  CHECK(verdict.cause->id == "library-failed");
  CHECK(verify::further_step_failed(verdict));
}

TEST_CASE("a run without checked values is no success", "[libraries]") {
  auto records = good();
  records.erase("cudnn.checked");
  CHECK(step(judged({run_of(all, records)}), "cudnn").status == StepStatus::fail);
  records = good();
  records["nccl.checked"] = "-1";
  CHECK(step(judged({run_of(all, records)}), "nccl").status == StepStatus::fail);
}

TEST_CASE("an earlier cause of the plain proof stays", "[libraries]") {
  auto verdict = proven();
  verdict.kind = Verdict::Kind::degraded;
  verdict.cause = Cause{"ptx-too-new", 222, "w", "f"};
  auto records = good();
  records["gemm.error"] = "13";
  verify::add_further(verdict, judged({run_of(all, records)}));
  CHECK(verdict.cause->id == "ptx-too-new");
  CHECK(verify::further_step_failed(verdict));
}

TEST_CASE("after a crash the rest is run again, after a hang it is not", "[libraries]") {
  auto crashed = run_of(all, {{"stage", "gemm"}, {"gemm.path", "/t/lib/libcublas.so.12"}});
  crashed.report.end = ChildResult::End::signalled;
  crashed.report.status = 11;
  CHECK(verify::left_to_run(crashed) == std::vector<std::string>{"cufft", "cudnn", "nccl"});
  auto rest = good();
  for (const auto* gone : {"gemm.path", "gemm.version", "gemm.ms", "gemm.tflops", "gemm.max_error", "gemm.checked", "gemm.wrong", "gemm.error"})
    rest.erase(gone);
  const auto second = run_of({"cufft", "cudnn", "nccl"}, rest);
  CHECK(verify::left_to_run(second).empty());
  const auto further = judged({crashed, second});
  CHECK(step(further, "gemm").status == StepStatus::fail);
  CHECK(step(further, "gemm").evidence.find("signal 11 in `gemm`") != std::string::npos);
  CHECK(step(further, "cudnn").status == StepStatus::pass);

  auto hung = crashed;
  hung.report.end = ChildResult::End::timed_out;
  CHECK(verify::left_to_run(hung).empty());
  CHECK(step(judged({hung}), "nccl").status == StepStatus::skip);
  // The last one of the list leaves nothing, and a driver that dies before any library neither.
  CHECK(verify::left_to_run(run_of({"nccl"}, {{"stage", "nccl"}})).empty());
  CHECK(verify::left_to_run(run_of(all, {{"stage", "cuInit"}})).empty());
  CHECK(step(judged({run_of(all, {{"stage", "cuInit"}})}), "gemm").evidence.starts_with("not reached"));
}
