#include "verify/facts_cache.hpp"

#include <nlohmann/json.hpp>

#include "model/driver_json.hpp"
#include "sys/fs.hpp"
#include "verify/verdict_cache.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::uint64_t most_bytes = 256 * 1024;

// Verdicts rest on a toolkit too; facts rest on the probe that asked.
CacheKey facts_key(const World& world, const MachineFacts& machine) {
  Receipt probe;
  probe.id = "facts";
  probe.path = world.paths.libexec;
  return cache_key(world, machine, probe, 0);
}

std::string stamp_of(const std::string& path) {
  const auto status = fs::status_of_target(path);
  if (!status || status->type == fs::Type::missing) return "none";
  return std::to_string(status->inode) + ":" + std::to_string(status->size) + ":" + std::to_string(status->mtime_ns);
}

}  // namespace

std::optional<DriverFacts> find_facts(const World& world, const MachineFacts& machine) {
  const auto key = facts_key(world, machine);
  const auto content = fs::read_file(key.file, most_bytes);
  if (!content) return std::nullopt;
  const auto json = nlohmann::json::parse(*content, nullptr, false);
  if (!json.is_object() || json.value("key", nlohmann::json()) != nlohmann::json(key.text)) return std::nullopt;
  DriverFacts facts;
  std::string wrong;
  if (!driver_from_json(json.value("facts", nlohmann::json()), facts, wrong) || facts.pretended) return std::nullopt;
  if (json.value("libcuda", nlohmann::json()) != nlohmann::json(stamp_of(facts.libcuda.path))) return std::nullopt;
  return facts;
}

void keep_facts(const World& world, const MachineFacts& machine, const DriverFacts& facts) {
  if (facts.pretended || facts.libcuda.init_error != 0 || facts.gpus.empty()) return;
  const auto key = facts_key(world, machine);
  const nlohmann::json json{{"key", key.text}, {"libcuda", stamp_of(facts.libcuda.path)}, {"facts", driver_to_json(facts)}};
  const auto text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  // An fsync costs more than all else that `driver` does beside the driver's own start.
  if (const auto kept = fs::read_file(key.file, most_bytes); kept && *kept == text) return;
  if (fs::make_folders(fs::parent(key.file))) (void)fs::write_file_atomic(key.file, text);
}

}  // namespace cudaenv::verify
