// Runs fetch/ and unpack/ as the manager would, without a command line around them: one JSON object on standard
// input says what to do, one on standard output what came of it. For the end-to-end tests of those rooms.
#include <iostream>
#include <nlohmann/json.hpp>

#include "fetch/download.hpp"
#include "fetch/index_cache.hpp"
#include "sys/fs.hpp"
#include "sys/signals.hpp"
#include "unpack/unpack.hpp"

using nlohmann::json;
using namespace cudaenv;

namespace {

json error_json(const Error& error) {
  return {{"code", static_cast<int>(error.code)}, {"what", error.what}, {"causes", error.causes}, {"hint", error.hint}};
}

json download(IoModule& io, const json& job) {
  std::vector<Artifact> artifacts;
  for (const auto& each : job.at("artifacts")) {
    Artifact artifact;
    artifact.url = each.at("url");
    artifact.sha256 = each.at("sha256");
    artifact.size = each.value("size", std::uint64_t{0});
    artifacts.push_back(artifact);
  }
  json notes = json::array();
  fetch::DownloadOptions options;
  options.folder = job.at("folder");
  options.parallel = job.value("parallel", 4U);
  options.tries = job.value("tries", 5U);
  options.base_delay_ms = job.value("base_delay_ms", std::uint64_t{10});
  options.connect_seconds = job.value("connect_seconds", 5U);
  options.stall_seconds = job.value("stall_seconds", 1U);
  options.allow_http = job.value("allow_http", false);
  options.offline = job.value("offline", false);
  options.now = job.value("now", std::int64_t{0});
  options.cancelled = [] { return interrupted(); };
  if (const auto mark = job.value("not_needed_once", ""); !mark.empty())
    options.not_needed = [mark](const Artifact&) { return fs::exists(mark); };
  options.progress = [&](const fetch::Progress& progress) {
    if (!progress.note.empty()) notes.push_back(progress.note);
    if (progress.done > 0) std::cerr << "at " << progress.done << std::endl;  // tests wait for it before they interrupt
  };
  const auto result = fetch::download_all(io, artifacts, options);
  if (!result) return {{"error", error_json(result.error())}, {"notes", notes}};
  json files = json::array();
  for (const auto& file : *result)
    files.push_back({{"path", file.path}, {"size", file.size}, {"transferred", file.transferred}});
  return {{"files", files}, {"notes", notes}};
}

json pages(IoModule& io, const json& job) {
  std::vector<fetch::PageRequest> requests;
  for (const auto& each : job.at("pages")) requests.push_back({each.at("url"), each.value("accept", "")});
  fetch::PageOptions options;
  options.folder = job.at("folder");
  options.offline = job.value("offline", false);
  options.stale_if_unreachable = job.value("stale", false);
  options.max_bytes = job.value("max_bytes", options.max_bytes);
  options.tries = job.value("tries", 4U);
  options.base_delay_ms = job.value("base_delay_ms", std::uint64_t{10});
  options.connect_seconds = job.value("connect_seconds", 5U);
  options.stall_seconds = job.value("stall_seconds", 1U);
  json answers = json::array();
  for (const auto& page : fetch::get_pages(io, requests, options)) {
    if (!page) answers.push_back({{"error", error_json(page.error())}});
    else answers.push_back({{"body", page->body}, {"content_type", page->content_type}, {"url", page->url},
                            {"stale", page->stale}, {"note", page->note}});
  }
  return {{"pages", answers}};
}

json extract(IoModule& io, const json& job) {
  unpack::UnpackOptions options;
  options.limits.members = job.value("members", options.limits.members);
  options.limits.total_bytes = job.value("total_bytes", options.limits.total_bytes);
  options.cancelled = [] { return interrupted(); };
  const auto tree = unpack::unpack(io, job.at("archive"), job.at("folder"), options);
  if (!tree) return {{"error", error_json(tree.error())}};
  json entries = json::array();
  constexpr const char* types[] = {"file", "folder", "link"};
  for (const auto& entry : tree->entries)
    entries.push_back({{"type", types[static_cast<int>(entry.type)]}, {"path", entry.path}, {"mode", entry.mode},
                       {"size", entry.size}, {"target", entry.target}});
  return {{"entries", entries}, {"bytes", tree->bytes}};
}

json answer(IoModule& io, const json& job) {
  const auto what = job.at("do").get<std::string>();
  if (what == "download") return download(io, job);
  if (what == "pages") return pages(io, job);
  return extract(io, job);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  catch_interrupts();
  const auto io = load_io_module(arguments[1]);
  if (!io) {
    std::cerr << io.error().what << ": " << json(io.error().causes).dump() << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);)  // one job a line, one answer a line
    std::cout << answer(**io, json::parse(line)).dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
  return 0;
}
