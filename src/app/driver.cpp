#include "app/driver.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/prove.hpp"
#include "sys/fs.hpp"
#include "verify/driver_notes.hpp"
#include "verify/driver_view.hpp"
#include "verify/facts_cache.hpp"
#include "verify/node_facts.hpp"
#include "verify/reach.hpp"
#include "verify/toolkit_reads.hpp"

namespace cudaenv::app {

namespace {

constexpr std::chrono::milliseconds patience{10'000};        // of commands that need the facts
constexpr std::chrono::milliseconds health_patience{5'000};  // `health` is for scripts: better a no than a wait

constexpr std::chrono::milliseconds tool_patience{2'000};    // of a toolkit's `ptxas --help`

Result<verify::Tables> tables(const World& world) { return verify::read_tables(world.paths.share + "/manifests"); }

// For people NVML is asked only where it knows more than CUDA and the kernel; what is carried elsewhere as JSON has it all.
std::size_t gpus_that_suffice(const World& world, const verify::MachineFacts& machine) {
  return world.json || world.env.all().contains("CUDA_VISIBLE_DEVICES") ? 0 : machine.gpus.size();
}

Result<DriverFacts> ask_driver(const World& world, const verify::MachineFacts& machine, std::chrono::milliseconds timeout) {
  verify::ProbeRequest request;
  request.kernel_gpus = gpus_that_suffice(world, machine);
  request.deadline = timeout;
  const auto report = TRY(verify::run_probe(world, request));
  if (auto why = verify::why_no_answer(report); !why.empty())
    return fail(Code::driver, "cannot ask the driver", std::move(why), "cudaenv driver --timeout 60");
  auto facts = verify::view_driver(machine, report);
  facts.notes = verify::driver_notes(machine, facts, verify::visible_devices(world.env, facts.nvml),
                                     machine.has_driver() ? std::vector<std::string>() : verify::read_pci_gpus(""));
  if (report.has("nvml.late")) facts.notes.emplace_back("NVML did not answer: `dmesg | grep -i nvrm` may say why");
  return facts;
}

Health health_of(const Verdict& verdict) {
  Health health;
  health.cached = verdict.cached;
  health.pretended = verdict.pretended;
  // A pretended driver can launch nothing: without a cause, the tables promise everything.
  health.cuda = verdict.kind == Verdict::Kind::proven || verdict.kind == Verdict::Kind::degraded ||
                (verdict.pretended && !verdict.cause);
  if (!health.cuda) health.reason = verdict.cause ? verdict.cause->what : verdict_name(verdict.kind);
  return health;
}

// Why no GPU can be used; empty where one can.
std::string why_no_gpu(const DriverFacts& facts) {
  if (facts.libcuda.kind == LibcudaFacts::Kind::missing) return "there is no NVIDIA driver here";
  if (facts.libcuda.init_error != 0) return fmt::format("the driver does not start: cuInit answers {}", facts.libcuda.init_error);
  return facts.gpus.empty() && facts.pretended_by != "CUDAENV_DRIVER" ? "the driver shows no GPU" : "";
}

void mark_newest(std::vector<ToolkitMay>& list) {
  const auto mark = [&](bool every_gpu) {
    for (auto& one : list) {
      const auto same_major = [&](const ToolkitMay& other) { return other.newest_full && other.version.major() == one.version.major(); };
      if (one.reach.may == May::full && one.reach.every_gpu >= every_gpu && std::none_of(list.begin(), list.end(), same_major))
        one.newest_full = true;
    }
  };
  mark(true);   // one that every GPU runs goes before
  mark(false);  // one that a GPU runs
}

}  // namespace

Result<DriverFacts> driver_facts(const World& world, std::chrono::milliseconds timeout) {
  if (auto pretended = TRY(verify::pretended_driver(world))) return std::move(*pretended);
  const auto machine = verify::read_machine_facts("");
  auto facts = TRY(ask_driver(world, machine, timeout));
  verify::keep_facts(world, machine, facts);
  return facts;
}

Result<DriverFacts> kept_driver_facts(const World& world) {
  if (auto pretended = TRY(verify::pretended_driver(world))) return std::move(*pretended);
  if (auto kept = verify::find_facts(world, verify::read_machine_facts(""))) return std::move(*kept);
  return driver_facts(world, patience);
}

void pretend_facts(World& world, const std::string& path) {
  if (path.empty()) return;
  auto variables = world.env.all();
  variables.erase("CUDAENV_DRIVER");
  variables.erase("CUDAENV_GPU");
  variables["CUDAENV_FACTS"] = path;
  world.env = Environment(std::move(variables));
}

Result<std::string> spec_for_driver(const World& world, const DriverFacts& facts) {
  if (auto range = verify::full_range(TRY(tables(world)), facts)) return std::move(*range);
  auto why = why_no_gpu(facts);
  return fail(Code::driver, "no toolkit is `full` on this driver and these GPUs",
              why.empty() ? "no release has both a driver this old and a target for these GPUs" : std::move(why), "cudaenv driver");
}

Result<Health> check_health(const World& world, const std::optional<Receipt>& toolkit) {
  if (toolkit) return health_of(TRY(ensure_verdict(world, *toolkit)));
  const auto facts = driver_facts(world, health_patience);
  Health health;
  if (!facts) {
    if (facts.error().code != Code::driver) return fail(facts.error());
    health.reason = facts.error().what + (facts.error().causes.empty() ? "" : ": " + facts.error().causes.front());
    return health;
  }
  health.pretended = facts->pretended;
  health.reason = why_no_gpu(*facts);
  health.cuda = health.reason.empty();
  if (!health.cuda && !facts->notes.empty()) health.reason += "; " + facts->notes.front();
  return health;
}

Result<OwnWords> ask_unknown_toolkits(const World& world, const std::vector<Receipt>& installed) {
  const auto known = TRY(tables(world));
  OwnWords words;
  for (const auto& receipt : installed) {
    const int cuda = verify::cuda_number(receipt.version);
    if (known.knows_archs(cuda) || words.contains(cuda)) continue;
    auto reads = verify::read_tools(receipt.path, tool_patience);
    if (!reads.archs.empty()) words[cuda] = {std::move(reads.archs), std::move(reads.asked)};
  }
  return words;
}

Result<std::vector<ToolkitMay>> judge_toolkits(const World& world, const DriverFacts& facts,
                                               const std::vector<Receipt>& installed,
                                               const std::vector<Version>& available, const OwnWords& unknown) {
  auto known = TRY(tables(world));
  for (const auto& [cuda, reads] : unknown) verify::learn(known, cuda, {reads.archs, reads.asked, 0});
  std::vector<ToolkitMay> list;
  const auto add = [&](const Version& version, bool here) {
    const auto same = [&](const ToolkitMay& one) { return one.version == version; };
    if (std::any_of(list.begin(), list.end(), same)) return;
    list.push_back({version, here, verify::judge_reach(known, version, facts)});
  };
  for (const auto& receipt : installed) add(receipt.version, true);
  for (const auto& version : available) add(version, false);
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return b.version < a.version; });
  mark_newest(list);
  return list;
}

}  // namespace cudaenv::app
