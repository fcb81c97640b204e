#include "app/prove.hpp"

#include <algorithm>

#include "app/compat.hpp"
#include "app/prove_further.hpp"
#include "sys/fs.hpp"
#include "verify/causes.hpp"
#include "verify/driver_notes.hpp"
#include "verify/driver_view.hpp"
#include "verify/judge.hpp"
#include "verify/toolkit_reads.hpp"
#include "verify/verdict_cache.hpp"

namespace cudaenv::app {

namespace {

using std::chrono::duration;

double ms_since(const World& world, std::chrono::steady_clock::time_point start) {
  return duration<double, std::milli>(world.ticks() - start).count();
}

Result<verify::Tables> tables(const World& world) { return verify::read_tables(world.paths.share + "/manifests"); }

// A verdict that another attempt might change is proven anew the next time, and so is one whose probe did not come to its end.
bool worth_keeping(const Attempt& attempt) {
  const auto& verdict = attempt.verdict;
  if (!attempt.whole) return false;
  return verdict.kind != Verdict::Kind::refused || (verdict.cause && !verify::is_transient(*verdict.cause));
}

constexpr std::chrono::milliseconds tool_patience{2'000};

// NVRTC names its targets in the probe, at no cost; without it ptxas must be asked.
bool has_nvrtc(const Receipt& toolkit) {
  const auto names = fs::list(toolkit.path + "/lib");
  return names && std::any_of(names->begin(), names->end(), [](const std::string& name) { return name.starts_with("libnvrtc.so"); });
}

Result<Attempt> launch(const World& world, const verify::MachineFacts& machine, const Receipt& toolkit,
                       const ProveOptions& options) {
  auto known = TRY(tables(world));
  const int cuda = verify::cuda_number(toolkit.version);
  verify::ProbeRequest request;
  request.toolkit = toolkit.path;
  request.device = options.device;
  request.gpus = machine.gpus.size();
  request.archs = known.archs_of(cuda);
  request.isa = verify::isa_text(known.known_isa(cuda));
  request.deadline = options.timeout;
  if (!known.knows_archs(cuda) && !has_nvrtc(toolkit)) {
    verify::learn(known, cuda, verify::read_tools(toolkit.path, tool_patience));
    request.archs = known.archs_of(cuda);
  }
  verify::Evidence evidence;
  evidence.toolkit = toolkit.version;
  evidence.machine = machine;
  evidence.report = TRY(verify::run_probe(world, request));
  auto own_words = verify::read_report(evidence.report);
  if (known.knows_archs(cuda)) own_words.archs.clear();  // measured, and the same
  verify::learn(known, cuda, own_words);
  evidence.visible = verify::visible_devices(world.env, verify::view_nvml(evidence.report));
  evidence.device = options.device;
  evidence.origin = verify::find_libcuda_origin(world.env, evidence.report.text("libcuda.found"), "");
  if (world.env.get("CUDAENV_LIBCUDA") == toolkit.path + "/compat/libcuda.so.1")
    evidence.origin = {toolkit.path + "/compat", "the toolkit's own compat folder", "cudaenv verify --refresh", false};
  // A container has the host's kernel module: starting it with the host's driver libraries is what helps there.
  if (evidence.origin.system && !machine.container.empty()) evidence.origin.remedy = "docker run --gpus all";
  return Attempt{verify::judge(known, evidence), verify::view_driver(machine, evidence.report), evidence.report.done()};
}

// Once with the driver that is here; where that is too old and the toolkit has a compat folder, once with that.
Result<Verdict> launch_and_keep(const World& world, const verify::MachineFacts& machine, const Receipt& toolkit,
                                const ProveOptions& options, const verify::CacheKey& key) {
  const auto start = world.ticks();
  auto plain = TRY(launch(world, machine, toolkit, options));
  const auto choice = TRY(choose_compat(world, toolkit, plain));
  std::optional<Attempt> with;
  if (choice.try_it) {
    // Both together keep the one deadline.
    auto rest = options;
    rest.timeout = std::max(options.timeout - std::chrono::duration_cast<std::chrono::milliseconds>(world.ticks() - start),
                            std::chrono::milliseconds(1));
    with = TRY(launch(with_compat(world, choice.folder), machine, toolkit, rest));
  }
  const bool keep = worth_keeping(plain) && (!with || worth_keeping(*with));
  auto verdict = settle_compat(choice, std::move(plain.verdict), with ? &with->verdict : nullptr);
  // A cache that cannot be written costs the next command a quarter of a second, and nothing else.
  if (keep) (void)verify::keep_verdict(key, verdict, plain.driver.libcuda.path);
  return verdict;
}

}  // namespace

Result<Verdict> prove(const World& world, const Receipt& toolkit, const ProveOptions& options) {
  const auto start = world.ticks();
  const auto finish = [&](Verdict verdict) -> Result<Verdict> {
    const bool compat = verdict.compat && verdict.compat->active;
    if (options.gemm) TRY(prove_further(compat ? with_compat(world, verdict.compat->folder) : world, toolkit, options, verdict));
    verdict.elapsed_ms = ms_since(world, start);
    return verdict;
  };
  if (const auto pretended = TRY(verify::pretended_driver(world)))
    return finish(verify::judge_pretended(TRY(tables(world)), toolkit.version, *pretended));
  const auto machine = verify::read_machine_facts("");
  const auto key = verify::cache_key(world, machine, toolkit, options.device);
  if (!options.refresh && !options.gemm)
    if (auto kept = verify::find_verdict(key)) return finish(std::move(*kept));
  return finish(TRY(launch_and_keep(world, machine, toolkit, options, key)));
}

}  // namespace cudaenv::app
