#include "model/verdict_json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

namespace cudaenv {

namespace {

using nlohmann::json;

// Not std::round: it alone would make every command load libm.
double to_tenths(double milliseconds) { return static_cast<double>(static_cast<std::int64_t>(milliseconds * 10 + 0.5)) / 10; }

std::optional<std::string> text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

template <class Kind>
std::optional<Kind> by_name(const std::optional<std::string>& name, const char* (*name_of)(Kind), int count) {
  for (int i = 0; name && i < count; ++i)
    if (*name == name_of(static_cast<Kind>(i))) return static_cast<Kind>(i);
  return std::nullopt;
}

std::optional<Step> step_from_json(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto name = text(object, "name"), evidence = text(object, "evidence");
  const auto status = by_name<StepStatus>(text(object, "status"), step_status_name, 3);
  if (!name || !evidence || !status) return std::nullopt;
  return Step{*name, *status, *evidence};
}

std::optional<Cause> cause_from_json(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto id = text(object, "id"), what = text(object, "what"), fix = text(object, "fix");
  const auto error = object.find("cuda_error");
  if (!id || !what || !fix || error == object.end() || !error->is_number_integer()) return std::nullopt;
  return Cause{*id, error->get<int>(), *what, *fix};
}

std::optional<GpuVerdict> gpu_from_json(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto index = object.find("index");
  const auto kind = by_name<Verdict::Kind>(text(object, "verdict"), verdict_name, 4);
  if (index == object.end() || !index->is_number_integer() || !kind) return std::nullopt;
  return GpuVerdict{index->get<int>(), text(object, "uuid").value_or(""), text(object, "name").value_or(""),
                    text(object, "compute_capability").value_or(""), *kind, text(object, "why").value_or("")};
}

json gpu_to_json(const GpuVerdict& gpu) {
  return {{"index", gpu.index}, {"uuid", gpu.uuid}, {"name", gpu.name}, {"compute_capability", gpu.compute_capability},
          {"verdict", verdict_name(gpu.kind)}, {"why", gpu.why.empty() ? json() : json(gpu.why)}};
}

std::optional<CompatUse> compat_from_json(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto folder = text(object, "folder"), why = text(object, "why");
  if (!folder || !why) return std::nullopt;
  return CompatUse{*folder, object.value("active", json()) == json(true), *why};
}

}  // namespace

json verdict_to_json(const Verdict& verdict) {
  auto steps = json::array();
  for (const auto& step : verdict.steps)
    steps.push_back({{"name", step.name}, {"status", step_status_name(step.status)}, {"evidence", step.evidence}});
  auto gpus = json::array();
  for (const auto& gpu : verdict.gpus) gpus.push_back(gpu_to_json(gpu));
  json object{{"toolkit", verdict.toolkit},
              {"verdict", verdict_name(verdict.kind)},
              {"cached", verdict.cached},
              {"pretended", verdict.pretended},
              {"elapsed_ms", to_tenths(verdict.elapsed_ms)},
              {"steps", std::move(steps)},
              {"gpus", std::move(gpus)},
              {"cause", nullptr}};
  if (verdict.cause)
    object["cause"] = {{"id", verdict.cause->id},
                       {"cuda_error", verdict.cause->cuda_error},
                       {"what", verdict.cause->what},
                       {"fix", verdict.cause->fix}};
  if (verdict.compat)
    object["compat"] = {{"folder", verdict.compat->folder}, {"active", verdict.compat->active}, {"why", verdict.compat->why}};
  if (verdict.gemm)
    object["gemm"] = {{"ms", verdict.gemm->ms}, {"tflops", verdict.gemm->tflops}, {"max_error", verdict.gemm->max_error}};
  return object;
}

std::optional<Verdict> verdict_from_json(const json& object) {
  if (!object.is_object()) return std::nullopt;
  Verdict verdict;
  const auto toolkit = text(object, "toolkit");
  const auto kind = by_name<Verdict::Kind>(text(object, "verdict"), verdict_name, 4);
  const auto steps = object.find("steps"), cause = object.find("cause");
  if (!toolkit || !kind || steps == object.end() || !steps->is_array() || cause == object.end()) return std::nullopt;
  verdict.toolkit = *toolkit;
  verdict.kind = *kind;
  verdict.cached = object.value("cached", json()) == json(true);
  verdict.pretended = object.value("pretended", json()) == json(true);
  if (const auto elapsed = object.find("elapsed_ms"); elapsed != object.end() && elapsed->is_number())
    verdict.elapsed_ms = elapsed->get<double>();
  for (const auto& one : *steps) {
    auto step = step_from_json(one);
    if (!step) return std::nullopt;
    verdict.steps.push_back(std::move(*step));
  }
  if (const auto gpus = object.find("gpus"); gpus != object.end() && gpus->is_array())
    for (const auto& one : *gpus) {
      auto gpu = gpu_from_json(one);
      if (!gpu) return std::nullopt;
      verdict.gpus.push_back(std::move(*gpu));
    }
  if (!cause->is_null() && !(verdict.cause = cause_from_json(*cause))) return std::nullopt;
  if (const auto compat = object.find("compat"); compat != object.end() && !(verdict.compat = compat_from_json(*compat)))
    return std::nullopt;
  return verdict;
}

}  // namespace cudaenv
