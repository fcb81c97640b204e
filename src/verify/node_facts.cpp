#include "verify/node_facts.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "model/driver_json.hpp"
#include "sys/fs.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::uint64_t most_bytes = 1 << 20;
constexpr const char* how = "cudaenv driver --json > node.json";

Error unusable(const std::string& path, std::string cause) {
  return make_error(Code::config, "cannot use the facts in `" + printable(path, 4096) + "`", std::move(cause), how);
}

}  // namespace

Result<DriverFacts> read_node_facts(const std::string& path) {
  const auto content = fs::read_file(path, most_bytes);
  if (!content) return fail(unusable(path, content.error().causes.empty() ? content.error().what : content.error().causes.front()));
  const auto json = nlohmann::json::parse(*content, nullptr, false);
  if (!json.is_object()) return fail(unusable(path, "it is not one JSON object"));
  if (json.contains("error")) return fail(unusable(path, "it is an error report: `cudaenv driver --json` failed on that machine"));
  if (json.value("schema", nlohmann::json()) != nlohmann::json(1)) return fail(unusable(path, "`schema` is not 1"));
  DriverFacts facts;
  std::string wrong;
  if (!driver_from_json(json, facts, wrong))
    return fail(unusable(path, "`" + printable(wrong, 100) + "` is not as `cudaenv driver --json` writes it"));
  facts.pretended = true;
  facts.pretended_by = printable(path, 1024);
  return facts;
}

}  // namespace cudaenv::verify
