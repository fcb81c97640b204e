#include "plan/plan.hpp"

#include "unit/catch.hpp"

using namespace cudaenv;

namespace {

Artifact artifact(const char* component, const char* hash, std::uint64_t size) {
  Artifact out;
  out.component = component;
  out.sha256 = hash;
  out.size = size;
  return out;
}

Resolution resolution(std::vector<Artifact> artifacts) {
  Resolution out;
  REQUIRE(parse_version("13.0.2", out.version));
  out.artifacts = std::move(artifacts);
  return out;
}

Receipt receipt(const char* version, std::vector<const char*> hashes, bool linked = false) {
  Receipt out;
  REQUIRE(parse_version(version, out.version));
  out.linked = linked;
  for (const auto* hash : hashes) {
    InstalledComponent component;
    component.sha256 = hash;
    out.components.push_back(component);
  }
  return out;
}

std::vector<std::string> names(const std::vector<Artifact>& artifacts) {
  std::vector<std::string> out;
  for (const auto& one : artifacts) out.push_back(one.component);
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("what is missing is fetched, largest first, unknown sizes before all", "[plan]") {
  const auto plan = make_plan(resolution({artifact("crt", "1", 10), artifact("nvcc", "2", 300), artifact("nvvm", "3", 600),
                                          artifact("cudart", "4", 20), artifact("odd", "5", 0)}),
                              {"4"}, {});
  CHECK(names(plan.fetch) == Names{"odd", "nvvm", "nvcc", "crt"});
  CHECK(names(plan.reuse) == Names{"cudart"});
  CHECK(plan.download_bytes == 910);
  CHECK(plan.unknown_sizes == 1);
  CHECK_FALSE(plan.nothing_to_do);
  CHECK(plan.resolution.artifacts.size() == 5);
}

TEST_CASE("the very toolkit is installed: nothing to do", "[plan]") {
  const auto wanted = resolution({artifact("crt", "1", 10), artifact("nvcc", "2", 300)});
  CHECK(make_plan(wanted, {}, {receipt("13.0.2", {"2", "1"})}).nothing_to_do);
  CHECK(make_plan(wanted, {}, {receipt("13.0.2", {"2", "1"})}).fetch.empty());
  CHECK_FALSE(make_plan(wanted, {}, {receipt("13.0.2", {"1"})}).nothing_to_do);            // a part is missing
  CHECK_FALSE(make_plan(wanted, {}, {receipt("13.0.2", {"1", "2", "3"})}).nothing_to_do);  // it has more
  CHECK_FALSE(make_plan(wanted, {}, {receipt("13.0.1", {"1", "2"})}).nothing_to_do);
  CHECK_FALSE(make_plan(wanted, {}, {receipt("13.0.2", {"1", "2"}, true)}).nothing_to_do);  // linked: not ours
  CHECK_FALSE(make_plan(resolution({}), {}, {receipt("13.0.2", {})}).nothing_to_do);
}

TEST_CASE("all in the store: nothing to fetch, still to be composed", "[plan]") {
  const auto plan = make_plan(resolution({artifact("crt", "1", 10)}), {"1"}, {});
  CHECK(plan.fetch.empty());
  CHECK(plan.download_bytes == 0);
  CHECK_FALSE(plan.nothing_to_do);
}

TEST_CASE("one file that carries two components is fetched once", "[plan]") {
  const auto plan = make_plan(resolution({artifact("a", "1", 10), artifact("b", "1", 10)}), {}, {});
  CHECK(plan.fetch.size() == 1);
  CHECK(plan.download_bytes == 10);
}
