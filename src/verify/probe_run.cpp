#include "verify/probe_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/memory_file.hpp"

namespace cudaenv::verify {

namespace {

constexpr int result_fd = 3;
constexpr std::size_t result_cap = 1 << 20;
constexpr std::size_t noise_shown = 300;
// A proof holds some hundred MB of anonymous memory for a GPU; a driver that takes more than this is stopped.
std::uint64_t memory_cap(const ProbeRequest& request) {
  const std::uint64_t gigabytes = 2 + std::clamp<std::size_t>(request.gpus, 1, 64);
  // NCCL has a context on every GPU of the machine.
  return (request.libraries.empty() ? gigabytes : std::max<std::uint64_t>(gigabytes, 16)) << 30U;
}

std::string make_nonce() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string nonce;
  for (int word = 0; word < 4; ++word)
    for (auto bits = random(), i = 0U; i < 8; ++i, bits >>= 4U) nonce += digits[bits & 15U];
  return nonce;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::vector<std::string> arguments_of(const World& world, const ProbeRequest& request, const std::string& nonce,
                                      const std::string& scratch) {
  std::vector<std::string> arguments{"--nonce", nonce, "--result-fd", std::to_string(result_fd)};
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    arguments.emplace_back(name);
    arguments.push_back(value);
  };
  if (request.device) add("--device", std::to_string(*request.device));
  add("--libcuda", world.env.get("CUDAENV_LIBCUDA").value_or(""));
  if (request.toolkit.empty()) {
    arguments.emplace_back("--facts-only");
    if (request.kernel_gpus > 0) add("--kernel-gpus", std::to_string(request.kernel_gpus));
    return arguments;
  }
  std::vector<std::string> archs;
  for (const int arch : request.archs) archs.push_back(std::to_string(arch));
  add("--toolkit", request.toolkit);
  add("--archs", join(archs, ","));
  add("--isa", request.isa);
  add("--scratch", scratch);
  add("--libraries", join(request.libraries, ","));
  return arguments;
}

// cuDNN, cuBLAS and NVRTC load parts of their own by bare name: the toolkit's folder comes first, so that these parts
// are the toolkit's too. NCCL is told to stay inside this machine, whose network is not what is asked about.
void prepare_for_libraries(const ProbeRequest& request, std::map<std::string, std::string, std::less<>>& environment) {
  std::string path;
  for (const std::string_view inside : {"lib64", "lib"}) {
    const auto folder = fs::join(request.toolkit, inside);
    const auto status = fs::status_of_target(folder);
    if (path.empty() && status && status->type == fs::Type::folder) path = folder;
  }
  if (const auto found = environment.find("LD_LIBRARY_PATH"); found != environment.end() && !found->second.empty())
    path += ":" + found->second;
  environment["LD_LIBRARY_PATH"] = path;
  environment.insert({{"CUDA_MODULE_LOADING", "LAZY"}, {"NCCL_SOCKET_IFNAME", "lo"}, {"NCCL_IB_DISABLE", "1"}, {"NCCL_NET_PLUGIN", "none"}});
}

/// The folder for ptxas and nvcc; removed whatever becomes of the probe.
struct Scratch {
  std::string path;
  Scratch(const World& world, const ProbeRequest& request) {
    if (request.toolkit.empty() || !request.libraries.empty()) return;
    auto made = fs::make_temp_folder(world.env.get("TMPDIR").value_or("/tmp"), "cudaenv-probe-");
    if (made) path = *made;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (!path.empty()) (void)fs::remove_tree(path);
  }
};

}  // namespace

std::string ProbeReport::text(std::string_view key) const {
  const auto found = records.find(key);
  return found == records.end() ? std::string() : found->second;
}

std::optional<long> ProbeReport::number(std::string_view key) const {
  const auto found = records.find(key);
  if (found == records.end()) return std::nullopt;
  std::string_view digits = found->second;
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  const auto value = parse_u64(digits);
  if (!value || *value > 1'000'000'000) return std::nullopt;
  return negative ? -static_cast<long>(*value) : static_cast<long>(*value);
}

namespace {

// What other threads did at the time: a crash may be theirs.
std::string background_work(const ProbeReport& report) {
  constexpr std::string_view head = "background.";
  std::vector<std::string> running;
  for (auto at = report.records.lower_bound(head); at != report.records.end() && at->first.starts_with(head); ++at)
    if (at->second == "runs") running.push_back("`" + printable(std::string_view(at->first).substr(head.size()), 40) + "`");
  return running.empty() ? std::string() : " or " + join(running, " or ");
}

std::string ended_in(const ProbeReport& report, const std::string& place) {
  std::string text;
  switch (report.end) {
    case ChildResult::End::timed_out:
      text = fmt::format("no answer from {} within {:.1f} s", place, report.elapsed_ms / 1e3);
      break;
    case ChildResult::End::signalled: text = fmt::format("signal {} in {}", report.status, place); break;
    case ChildResult::End::over_memory:
      text = fmt::format("more than {} GiB of memory taken in {}", report.memory_cap >> 30U, place);
      break;
    case ChildResult::End::exited: text = fmt::format("exit status {} in {}", report.status, place); break;
  }
  if (report.end == ChildResult::End::signalled) text += background_work(report);
  return report.noise.empty() ? text : text + ", last words: " + report.noise;
}

}  // namespace

std::string how_ended(const ProbeReport& report) {
  return ended_in(report, "`" + printable(report.has("stage") ? report.text("stage") : "start", 40) + "`");
}

std::string how_ended(const ProbeReport& report, int gpu) {
  const auto stage = report.text(fmt::format("gpu.{}.stage", gpu));
  return ended_in(report, "`" + printable(stage.empty() ? report.text("stage") : stage, 40) + "`");
}

std::string why_no_answer(const ProbeReport& report) {
  if (report.has("libcuda.error")) {
    const auto text = printable(report.text("libcuda.error"), 400);
    return text.find("No such file") != std::string::npos ? std::string() : text;
  }
  if (report.has("libcuda.missing_symbol")) return "libcuda lacks the call " + report.text("libcuda.missing_symbol");
  return report.has("cuda.init") ? std::string() : how_ended(report);
}

std::map<std::string, std::string, std::less<>> parse_records(std::string_view text, std::string_view nonce) {
  std::map<std::string, std::string, std::less<>> records;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;  // a record that was cut short is none
    auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!line.starts_with(nonce) || line.size() <= nonce.size() || line[nonce.size()] != ' ') continue;
    line.remove_prefix(nonce.size() + 1);
    const auto equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    records[std::string(line.substr(0, equals))] = unescape(line.substr(equals + 1));
  }
  return records;
}

std::map<std::string, std::string, std::less<>> probe_environment(const Environment& env) {
  std::map<std::string, std::string, std::less<>> kept{{"LC_ALL", "C"}};
  for (const auto* name : {"PATH", "HOME", "TMPDIR"})
    if (const auto value = env.get(name)) kept[name] = *value;
  for (const auto* name : driver_variables)
    if (const auto value = env.get(name)) kept[name] = *value;
  // Set but empty, it hides every GPU: the one variable whose empty value means something.
  if (const auto found = env.all().find("CUDA_VISIBLE_DEVICES"); found != env.all().end()) kept.insert(*found);
  return kept;
}

Result<ProbeReport> run_probe(const World& world, const ProbeRequest& request) {
  const auto nonce = make_nonce();
  const auto channel = TRY(make_memory_file("cudaenv-probe", result_cap));
  const Scratch scratch(world, request);
  ChildSpec spec;
  spec.program = fs::join(world.paths.libexec, "cudaenv-probe");
  spec.arguments = arguments_of(world, request, nonce, scratch.path);
  spec.environment = probe_environment(world.env);
  if (!request.libraries.empty()) prepare_for_libraries(request, spec.environment);
  spec.folder = "/";
  spec.deadline = request.deadline;
  spec.output_cap = 64 * 1024;
  spec.descriptors = {{result_fd, channel.get()}};
  spec.contained = true;
  spec.memory_cap = memory_cap(request);
  const auto child = TRY_CTX(run_child(spec), "cannot prove anything here");
  ProbeReport report;
  report.end = child.end;
  report.memory_cap = spec.memory_cap;
  report.status = child.status;
  report.elapsed_ms = child.elapsed_ms;
  report.records = parse_records(TRY(read_memory_file(channel, result_cap)), nonce);
  const auto noise = trim(child.err);
  report.noise = printable(noise.substr(noise.size() - std::min(noise.size(), noise_shown)), noise_shown * 4);
  return report;
}

}  // namespace cudaenv::verify
