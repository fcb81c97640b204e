#include "verify/library_run.hpp"

#include <algorithm>

namespace cudaenv::verify {

std::vector<std::string> left_to_run(const LibraryRun& run) {
  if (run.report.end == ChildResult::End::timed_out || run.report.has("libraries")) return {};
  const auto reached = std::find(run.asked.begin(), run.asked.end(), run.report.text("stage"));
  return reached == run.asked.end() ? std::vector<std::string>() : std::vector<std::string>(reached + 1, run.asked.end());
}

Result<std::vector<LibraryRun>> run_libraries(const World& world, ProbeRequest request) {
  std::vector<LibraryRun> runs;
  const auto start = world.ticks();
  const auto deadline = request.deadline;
  request.libraries.assign(std::begin(library_steps), std::end(library_steps));
  while (!request.libraries.empty() && request.deadline.count() > 0) {
    runs.push_back({request.libraries, TRY(run_probe(world, request))});
    request.libraries = left_to_run(runs.back());
    request.deadline = deadline - std::chrono::duration_cast<std::chrono::milliseconds>(world.ticks() - start);
  }
  return runs;
}

}  // namespace cudaenv::verify
