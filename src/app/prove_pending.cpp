// Until prove.cpp is merged; weak, so that both may be there. To be deleted then.
#include "app/prove.hpp"

namespace cudaenv::app {

namespace {
std::unexpected<Error> pending() { return fail(Code::internal, "cannot prove a toolkit", "this build has no proofs yet"); }
}  // namespace

[[gnu::weak]] Result<Verdict> prove(const World&, const Receipt&, const ProveOptions&) { return pending(); }
[[gnu::weak]] Result<DriverFacts> driver_facts(const World&, std::chrono::milliseconds) { return pending(); }
[[gnu::weak]] Result<int> driver_cuda(const World&) { return pending(); }

}  // namespace cudaenv::app
