#include "verify/toolkit_reads.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::size_t most_help = 256 * 1024;

void keep_ascending(std::vector<int>& archs) {
  std::sort(archs.begin(), archs.end());
  archs.erase(std::unique(archs.begin(), archs.end()), archs.end());
}

bool is_arch(std::uint64_t number) { return number >= 10 && number < 1000; }

std::vector<int> ask(const std::string& tool, std::chrono::milliseconds deadline) {
  ChildSpec spec;
  spec.program = tool;
  spec.arguments = {"--help"};
  spec.environment = {{"LC_ALL", "C"}, {"PATH", "/usr/bin:/bin"}};
  spec.folder = "/";
  spec.deadline = deadline;
  spec.output_cap = most_help;
  const auto child = run_child(spec);
  if (!child || child->end != ChildResult::End::exited || child->status != 0) return {};
  return parse_help_archs(child->out);
}

}  // namespace

ToolkitReads read_tools(const std::string& toolkit, std::chrono::milliseconds deadline) {
  for (const char* name : {"ptxas", "nvcc"}) {
    const auto tool = toolkit + "/bin/" + name;
    if (!fs::exists(tool)) continue;
    if (auto archs = ask(tool, deadline); !archs.empty()) return {std::move(archs), name, 0};
  }
  return {};
}

ToolkitReads read_report(const ProbeReport& report) {
  ToolkitReads reads;
  const auto text = report.text("nvrtc.archs");
  for (const auto word : split(text, ','))
    if (const auto number = parse_u64(word); number && is_arch(*number)) reads.archs.push_back(static_cast<int>(*number));
  keep_ascending(reads.archs);
  if (!reads.archs.empty()) reads.asked = "NVRTC";
  reads.isa = parse_tenths(report.text("ptx.isa")).value_or(0);
  return reads;
}

std::vector<int> parse_help_archs(std::string_view help) {
  constexpr std::string_view head = "'sm_";
  std::vector<int> archs;
  for (auto at = help.find(head); at != std::string_view::npos; at = help.find(head, at + 1)) {
    const auto word = help.substr(at + head.size(), help.find('\'', at + 1) - at - head.size());
    // Of 'sm_90a' and 'sm_100f' the plain target is in the list too: they are variants of it.
    if (const auto number = parse_u64(word); number && is_arch(*number)) archs.push_back(static_cast<int>(*number));
  }
  keep_ascending(archs);
  return archs;
}

void learn(Tables& tables, int cuda, const ToolkitReads& reads) {
  if (!reads.archs.empty()) tables.read_archs[cuda] = {reads.archs, reads.asked};
  if (reads.isa != 0) tables.ptx_isa[cuda] = reads.isa;
}

}  // namespace cudaenv::verify
