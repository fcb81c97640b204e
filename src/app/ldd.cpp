#include "app/ldd.hpp"

#include <set>

#include "app/select.hpp"
#include "loader/trace.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"

namespace cudaenv::app {

namespace {

constexpr const char* cache_file = "/etc/ld.so.cache";
constexpr std::uint64_t largest_cache = 64 << 20;

// The machine's own dynamic linker says what it searches; nothing of anybody's project is run.
loader::LinkerFacts linker_facts() {
  ChildSpec spec;
  spec.program = loader::linker_path();
  spec.arguments = {"--help"};
  spec.environment = {{"LC_ALL", "C"}};
  spec.folder = "/";
  spec.deadline = std::chrono::seconds(2);
  const auto answer = run_child(spec);
  auto facts = loader::parse_linker_help(answer ? answer->out : std::string());
  if (facts.system_folders.empty()) facts.system_folders = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
  return facts;
}

// A machine without a cache has folders alone; one that is damaged helps the real linker as little.
loader::LinkerCache linker_cache() {
  const auto bytes = fs::read_file(cache_file, largest_cache);
  if (!bytes) return {};
  auto cache = loader::LinkerCache::parse(*bytes);
  return cache ? std::move(*cache) : loader::LinkerCache{};
}

Result<std::optional<std::string>> library_path(const World& world, const LddRequest& request) {
  auto path = request.library_path ? request.library_path : world.env.get("LD_LIBRARY_PATH");
  if (!request.with) return path;
  const auto chosen = TRY(select(world, *request.with));
  const auto lib = fs::join(chosen.toolkit.path, fs::exists(fs::join(chosen.toolkit.path, "lib64")) ? "lib64" : "lib");
  return std::optional(path && !path->empty() ? lib + ":" + *path : lib);
}

}  // namespace

Result<LddReport> ldd(const World& world, const LddRequest& request) {
  loader::LoadRequest load;
  load.object = request.object.starts_with('/') ? request.object : fs::join(world.cwd, request.object);
  load.library_path = TRY(library_path(world, request));
  load.preload = request.preload ? *request.preload : world.env.get("LD_PRELOAD").value_or("");
  load.folder = world.cwd;
  const auto trace = TRY(loader::trace_load(linker_facts(), linker_cache(), load));
  LddReport report{load.object, {}, {}};
  std::set<std::pair<std::string, std::string>> seen;  // what could not be preloaded may still be needed, and is said again
  for (const auto& need : trace.needs)
    if (seen.emplace(need.path.empty() && need.needed_by == "LD_PRELOAD" ? "LD_PRELOAD " + need.name : need.name, need.path).second)
      report.libraries.push_back({need.name, need.path, need.needed_by, loader::rule_name(need.rule), need.detail,
                                  need.rule == loader::Rule::preload ? "preload" : "needed", need.shadows});
  for (const auto& problem : trace.problems) report.problems.push_back({loader::problem_name(problem.kind), problem.detail});
  return report;
}

}  // namespace cudaenv::app
