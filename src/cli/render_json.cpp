#include "cli/render_json.hpp"

#include <nlohmann/json.hpp>

namespace cudaenv::cli {

using nlohmann::json;

json origin_json(const Origin& origin) {
  return {{"kind", origin_kind_name(origin.kind)}, {"path", origin.path}, {"line", origin.line}};
}

json receipt_json(const Receipt& receipt, bool active) {
  auto components = json::object();
  for (const auto& component : receipt.components) components[component.name] = component.version;
  return {{"id", receipt.id},           {"version", to_text(receipt.version).view()},
          {"path", receipt.path},       {"channel", receipt.channel},
          {"linked", receipt.linked},   {"active", active},
          {"components", components},   {"bytes", receipt.bytes},
          {"names", receipt.names}};
}

json release_json(const Release& release) {
  return {{"version", to_text(release.version).view()}, {"channel", release.channel},
          {"components", release.components},           {"has_nvcc", release.has_nvcc},
          {"prerelease", release.version.prerelease()}};
}

json artifact_json(const Artifact& artifact) {
  return {{"component", artifact.component}, {"package", artifact.package}, {"version", artifact.version},
          {"filename", artifact.filename},   {"size", artifact.size},       {"sha256", artifact.sha256},
          {"kind", channel_kind_name(artifact.kind)}, {"yanked", artifact.yanked}};
}

json plan_json(const Plan& plan) {
  auto fetch = json::array(), reuse = json::array(), rejected = json::array();
  for (const auto& artifact : plan.fetch) fetch.push_back(artifact_json(artifact));
  for (const auto& artifact : plan.reuse) reuse.push_back(artifact_json(artifact));
  for (const auto& one : plan.resolution.rejected) rejected.push_back({{"candidate", one.candidate}, {"reason", one.reason}});
  return {{"version", to_text(plan.resolution.version).view()}, {"channel", plan.resolution.channel},
          {"fetch", fetch}, {"reuse", reuse}, {"download_bytes", plan.download_bytes},
          {"nothing_to_do", plan.nothing_to_do}, {"rejected", rejected}, {"notes", plan.resolution.notes}};
}

json report_json(const app::InstallReport& report) {
  auto smoke = json::array();
  for (const auto& line : report.smoke) smoke.push_back({{"name", line.name}, {"status", line.status}, {"detail", line.detail}});
  json object{{"plan", plan_json(report.plan)}, {"already", report.already}, {"notes", report.notes}, {"smoke", smoke}};
  object["toolkit"] = report.receipt.id.empty() ? json() : receipt_json(report.receipt, false);
  return object;
}

}  // namespace cudaenv::cli
