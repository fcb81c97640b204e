#include "app/prove_further.hpp"

#include <algorithm>

#include "verify/judge_libraries.hpp"

namespace cudaenv::app {

namespace {

bool runs_here(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::proven || verdict.kind == Verdict::Kind::degraded;
}

std::string why_not(const Verdict& verdict) {
  if (verdict.pretended) return "nothing runs on a pretended driver";
  return "not reached: the verdict is " + std::string(verdict_name(verdict.kind)) + " already";
}

}  // namespace

Result<void> prove_further(const World& world, const Receipt& toolkit, const ProveOptions& options, Verdict& verdict) {
  if (verdict.pretended || !runs_here(verdict)) {
    verify::add_further(verdict, verify::skip_libraries(why_not(verdict)));
    return {};
  }
  verify::ProbeRequest request;
  request.toolkit = toolkit.path;
  request.device = options.device.value_or(0);
  request.deadline = options.gemm_timeout;
  const auto runs = TRY(verify::run_libraries(world, request));
  verify::CauseFacts facts;
  facts.toolkit = verdict.toolkit;
  verify::add_further(verdict, verify::judge_libraries(runs, std::move(facts)));
  return {};
}

bool further_step_failed(const Verdict& verdict) { return verify::further_step_failed(verdict); }

}  // namespace cudaenv::app
