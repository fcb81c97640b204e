#include "verify/tool_run.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace cudaenv::verify {

Variables tool_environment(const Variables& environment, const std::string& scratch) {
  Variables out{{"LC_ALL", "C"}, {"TMPDIR", scratch}};
  for (const std::string_view name : {"PATH", "HOME", "NVCC_CCBIN"})
    if (const auto at = environment.find(name); at != environment.end()) out.emplace(name, at->second);
  return out;
}

std::string gist(const ChildResult& result) {
  std::string_view last;
  for (const auto line : split(result.err.empty() ? std::string_view(result.out) : std::string_view(result.err), '\n')) {
    const auto content = trim(line);
    if (content.find("error") != std::string_view::npos || content.find("cannot find") != std::string_view::npos)
      return printable(content, 300);
    if (!content.empty()) last = content;
  }
  return printable(last, 300);
}

std::string trouble(const Result<ChildResult>& result) {
  if (!result) {
    const auto& error = result.error();
    return error.causes.empty() ? error.what : error.what + ": " + error.causes.front();
  }
  if (result->end == ChildResult::End::timed_out) return fmt::format("did not end within {:.0f} s", result->elapsed_ms / 1000);
  if (result->end == ChildResult::End::signalled) return fmt::format("was ended by signal {}", result->status);
  if (result->status == 0) return {};
  const auto said = gist(*result);
  return said.empty() ? fmt::format("exit status {}", result->status) : said;
}

}  // namespace cudaenv::verify
