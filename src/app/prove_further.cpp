#include "app/prove_further.hpp"

#include "sys/fs.hpp"
#include "verify/facts_tables.hpp"
#include "verify/judge_libraries.hpp"
#include "verify/nvcc_step.hpp"

namespace cudaenv::app {

namespace {

bool runs_here(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::proven || verdict.kind == Verdict::Kind::degraded;
}

std::string why_not(const Verdict& verdict) {
  if (verdict.pretended) return "nothing runs on a pretended driver";
  if (verdict.kind == Verdict::Kind::compile_only) return "nothing runs here";
  return "not reached: the verdict is " + std::string(verdict_name(verdict.kind)) + " already";
}

// 90 of "9.0", as the libraries' child saw the device; 0 where it did not get that far.
int capability(const std::vector<verify::LibraryRun>& runs, int device) {
  if (runs.empty()) return 0;
  return verify::parse_tenths(runs.front().report.text("device." + std::to_string(device) + ".cc")).value_or(0);
}

// The compiled program loads a libcuda by the linker's search: the one that the proof loaded must come first there.
verify::Variables run_environment(const Environment& env) {
  auto variables = verify::probe_environment(env);
  const auto libcuda = env.get("CUDAENV_LIBCUDA").value_or("");
  if (fs::base_name(libcuda) != "libcuda.so.1") return variables;
  auto& path = variables["LD_LIBRARY_PATH"];
  path = fs::parent(libcuda) + (path.empty() ? "" : ":" + path);
  return variables;
}

}  // namespace

Result<void> prove_further(const World& world, const Receipt& toolkit, const ProveOptions& options, Verdict& verdict) {
  verify::CauseFacts facts;
  facts.toolkit = verdict.toolkit;
  verify::NvccRequest nvcc;
  if (verdict.pretended || !runs_here(verdict)) {
    verify::add_further(verdict, verify::skip_libraries(why_not(verdict)));
  } else {
    verify::ProbeRequest request;
    request.toolkit = toolkit.path;
    const int device = options.device.value_or(0);
    request.device = device;
    request.deadline = options.gemm_timeout;
    const auto runs = TRY(verify::run_libraries(world, request));
    verify::add_further(verdict, verify::judge_libraries(runs, facts));
    nvcc.cc = capability(runs, device);
    nvcc.device = device;
  }
  // It compiles and links where nothing runs, too.
  nvcc.toolkit = toolkit.path;
  nvcc.tmp = world.env.get("TMPDIR").value_or("/tmp");
  nvcc.environment = world.env.all();
  nvcc.run_environment = run_environment(world.env);
  nvcc.archs = TRY(verify::read_tables(world.paths.share + "/manifests")).archs_of(verify::cuda_number(toolkit.version));
  verify::add_further(verdict, verify::nvcc_step(nvcc, std::move(facts)));
  return {};
}

bool further_step_failed(const Verdict& verdict) { return verify::further_step_failed(verdict); }

}  // namespace cudaenv::app
