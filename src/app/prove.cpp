#include "app/prove.hpp"

#include <algorithm>

#include "app/prove_further.hpp"
#include "sys/fs.hpp"
#include "verify/causes.hpp"
#include "verify/driver_notes.hpp"
#include "verify/driver_view.hpp"
#include "verify/judge.hpp"
#include "verify/reach.hpp"
#include "verify/verdict_cache.hpp"

namespace cudaenv::app {

namespace {

using std::chrono::duration;

double ms_since(const World& world, std::chrono::steady_clock::time_point start) {
  return duration<double, std::milli>(world.ticks() - start).count();
}

Result<verify::Tables> tables(const World& world) { return verify::read_tables(world.paths.share + "/manifests"); }

// A verdict that another attempt might change is proven anew the next time.
bool worth_keeping(const Verdict& verdict) {
  return verdict.kind != Verdict::Kind::refused || (verdict.cause && !verify::is_transient(*verdict.cause));
}

Result<Verdict> launch(const World& world, const verify::MachineFacts& machine, const Receipt& toolkit,
                       const ProveOptions& options, const verify::CacheKey& key) {
  const auto known = TRY(tables(world));
  const int cuda = verify::cuda_number(toolkit.version);
  verify::ProbeRequest request;
  request.toolkit = toolkit.path;
  request.device = options.device;
  request.gpus = machine.gpus.size();
  request.archs = known.archs_of(cuda);
  request.isa = verify::isa_text(known.known_isa(cuda));
  request.deadline = options.timeout;
  verify::Evidence evidence;
  evidence.toolkit = toolkit.version;
  evidence.machine = machine;
  evidence.report = TRY(verify::run_probe(world, request));
  evidence.visible = verify::visible_devices(world.env, verify::view_nvml(evidence.report));
  evidence.device = options.device;
  evidence.origin = verify::find_libcuda_origin(world.env, evidence.report.text("libcuda.found"), "");
  // A container has the host's kernel module: starting it with the host's driver libraries is what helps there.
  if (evidence.origin.system && !machine.container.empty()) evidence.origin.remedy = "docker run --gpus all";
  auto verdict = verify::judge(known, evidence);
  // A cache that cannot be written costs the next command a quarter of a second, and nothing else.
  if (worth_keeping(verdict)) (void)verify::keep_verdict(key, verdict, evidence.report.text("libcuda.path"));
  return verdict;
}

}  // namespace

Result<Verdict> prove(const World& world, const Receipt& toolkit, const ProveOptions& options) {
  const auto start = world.ticks();
  const auto finish = [&](Verdict verdict) -> Result<Verdict> {
    if (options.gemm) TRY(prove_further(world, toolkit, options, verdict));
    verdict.elapsed_ms = ms_since(world, start);
    return verdict;
  };
  if (const auto pretended = TRY(verify::pretended_driver(world.env)))
    return finish(verify::judge_pretended(TRY(tables(world)), toolkit.version, *pretended));
  const auto machine = verify::read_machine_facts("");
  const auto key = verify::cache_key(world, machine, toolkit, options.device);
  if (!options.refresh && !options.gemm)
    if (auto kept = verify::find_verdict(key)) return finish(std::move(*kept));
  return finish(TRY(launch(world, machine, toolkit, options, key)));
}

Result<DriverFacts> driver_facts(const World& world, std::chrono::milliseconds timeout) {
  if (auto pretended = TRY(verify::pretended_driver(world.env))) return std::move(*pretended);
  verify::ProbeRequest request;
  request.deadline = timeout;
  const auto report = TRY(verify::run_probe(world, request));
  if (auto why = verify::why_no_answer(report); !why.empty())
    return fail(Code::driver, "cannot ask the driver", std::move(why), "cudaenv driver --timeout 60");
  const auto machine = verify::read_machine_facts("");
  auto facts = verify::view_driver(machine, report);
  facts.notes = verify::driver_notes(machine, facts, verify::visible_devices(world.env, facts.nvml),
                                     machine.has_driver() ? std::vector<std::string>() : verify::read_pci_gpus(""));
  if (report.has("nvml.late")) facts.notes.emplace_back("NVML did not answer: `dmesg | grep -i nvrm` may say why");
  return facts;
}

Result<int> driver_cuda(const World& world) {
  return TRY(driver_facts(world, std::chrono::milliseconds(10'000))).libcuda.cuda;
}

Result<Health> check_health(const World& world, const std::optional<Receipt>& toolkit) {
  if (toolkit) {
    const auto verdict = TRY(ensure_verdict(world, *toolkit));
    Health health;
    health.cached = verdict.cached;
    health.pretended = verdict.pretended;
    // A pretended driver can launch nothing: without a cause, the tables promise everything.
    health.cuda = verdict.kind == Verdict::Kind::proven || verdict.kind == Verdict::Kind::degraded ||
                  (verdict.pretended && !verdict.cause);
    if (!health.cuda) health.reason = verdict.cause ? verdict.cause->what : verdict_name(verdict.kind);
    return health;
  }
  const auto facts = driver_facts(world, std::chrono::milliseconds(5'000));
  Health health;
  if (!facts) {
    if (facts.error().code != Code::driver) return fail(facts.error());
    health.reason = facts.error().what + (facts.error().causes.empty() ? "" : ": " + facts.error().causes.front());
    return health;
  }
  health.pretended = facts->pretended;
  const auto init_error = facts->libcuda.init_error;
  health.cuda = init_error == 0 && !facts->gpus.empty();
  if (facts->libcuda.kind == LibcudaFacts::Kind::missing) health.reason = "there is no NVIDIA driver here";
  else if (init_error != 0) health.reason = "the driver does not start: cuInit answers " + std::to_string(init_error);
  else if (facts->gpus.empty()) health.reason = "the driver shows no GPU";
  return health;
}

Result<std::vector<ToolkitMay>> judge_toolkits(const World& world, const DriverFacts& facts,
                                               const std::vector<Version>& installed,
                                               const std::vector<Version>& available) {
  const auto known = TRY(tables(world));
  std::vector<ToolkitMay> list;
  const auto add = [&](const Version& version, bool here) {
    const auto same = [&](const ToolkitMay& one) { return one.version == version; };
    if (std::any_of(list.begin(), list.end(), same)) return;
    list.push_back({version, here, verify::judge_reach(known, version, facts)});
  };
  for (const auto& version : installed) add(version, true);
  for (const auto& version : available) add(version, false);
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return b.version < a.version; });
  return list;
}

}  // namespace cudaenv::app
