#include "verify/nvcc_step.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <random>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/host_config.hpp"
#include "verify/smoke_programs.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::chrono::seconds compile_deadline{60}, run_deadline{20}, ask_deadline{10};
constexpr int oldest_gcc = 5;  // of those that distributions still have as g++-N

struct CompilerVersion {
  int major = 0;
  std::string text;  // "12.2.0"
  bool clang = false;
};

// SASS of Tegra parts is for these parts alone.
bool is_embedded(int arch) { return arch == 53 || arch == 62 || arch == 72 || arch == 87 || arch == 88 || arch == 101 || arch == 110; }

class NvccCheck {
 public:
  NvccCheck(const NvccRequest& request, CauseFacts facts, std::string scratch)
      : request_(request), facts_(std::move(facts)), scratch_(std::move(scratch)),
        environment_(tool_environment(request.environment, scratch_)) {
    const auto header = fs::read_file(at("include/crt/host_config.h"), 1 << 20);
    if (header) limits_ = read_host_limits(*header);
  }

  FurtherSteps run() {
    const auto compiler = find_compiler();
    if (compiler.path.empty()) {
      if (compiler.remedy.empty()) return skip(compiler.words);
      facts_.remedy = compiler.remedy;
      return fail("host-compiler", compiler.words);
    }
    std::random_device random;
    const std::uint32_t salt = random(), seed = random();
    const auto built = compile(compiler, salt);
    if (const auto why = trouble(built); !why.empty()) return not_compiled(compiler, said(built), why);
    const auto made = fmt::format("{} with {}", target_words(), compiler.words);
    if (request_.cc == 0) return pass(fmt::format("{}: compiled and linked ({:.1f} s); not started, nothing runs here", made, built->elapsed_ms / 1000));
    return start(made, salt, seed, built->elapsed_ms);
  }

 private:
  std::string at(std::string_view inside) const { return fs::join(request_.toolkit, inside); }

  FurtherSteps skip(const std::string& reason) const { return {.steps = {{"nvcc", StepStatus::skip, reason}}}; }
  FurtherSteps pass(const std::string& text) const { return {.steps = {{"nvcc", StepStatus::pass, text}}}; }
  FurtherSteps fail(std::string_view id, const std::string& text) {
    facts_.evidence = text;
    return {.steps = {{"nvcc", StepStatus::fail, text}}, .cause = cause_of_finding(id, facts_)};
  }

  Result<ChildResult> child(const std::string& program, std::vector<std::string> arguments, std::chrono::seconds deadline) const {
    ChildSpec spec;
    spec.program = program;
    spec.arguments = std::move(arguments);
    spec.environment = environment_;
    spec.folder = scratch_;
    spec.deadline = deadline;
    return run_child(spec);
  }

  static std::string said(const Result<ChildResult>& result) { return result ? result->err + result->out : std::string(); }

  CompilerVersion version_of(const std::string& compiler) const {
    CompilerVersion version;
    const auto asked = child(compiler, {"-dumpfullversion", "-dumpversion"}, ask_deadline);
    const auto banner = child(compiler, {"--version"}, ask_deadline);
    if (!trouble(asked).empty() || !banner) return version;
    version.text = printable(trim(asked->out), 40);
    version.clang = banner->out.find("clang") != std::string::npos;
    const auto major = std::string_view(version.text).substr(0, version.text.find('.'));
    if (const auto number = parse_u64(major); number && *number < 1000) version.major = static_cast<int>(*number);
    return version;
  }

  bool fits(const CompilerVersion& version) const {
    return version.major != 0 && (version.clang ? limits_.takes_clang(version.major) : limits_.takes_gcc(version.major));
  }

  std::string limit_words() const {
    auto text = limits_.gcc_max != 0 ? fmt::format("gcc up to {}", limits_.gcc_max) : std::string("any gcc");
    if (limits_.gcc_min != 0) text += fmt::format(", from {}", limits_.gcc_min);
    return text;
  }

  // NVCC_CCBIN may be a path, a folder that holds g++, or a name.
  static std::string named_compiler(const std::string& value, const std::string& search) {
    if (value.find('/') == std::string::npos) return find_in_path(value, search);
    const auto status = fs::status_of_target(value);
    if (!status || status->type == fs::Type::missing) return {};
    return status->type == fs::Type::folder ? fs::join(value, "g++") : value;
  }

  HostCompiler find_compiler() const {
    const auto path = environment_.find("PATH");
    const auto search = path != environment_.end() ? path->second : std::string();
    const auto named = environment_.find("NVCC_CCBIN");
    const auto first = named != environment_.end() ? named_compiler(named->second, search) : find_in_path("g++", search);
    if (first.empty() && named == environment_.end()) return {.words = "no g++ found: apt-get install g++"};
    const auto version = first.empty() ? CompilerVersion() : version_of(first);
    const auto name = first.empty() ? printable(named->second) : fs::base_name(first) + " " + version.text;
    if (fits(version)) return {.path = first, .chosen = false, .words = name};
    return find_another(name, search);
  }

  // A g++-N that fits, newest first.
  HostCompiler find_another(const std::string& unfit, const std::string& search) const {
    const int newest = limits_.gcc_max != 0 ? limits_.gcc_max : 30;
    for (int major = newest; major >= std::max(limits_.gcc_min, oldest_gcc); --major) {
      const auto found = find_in_path(fmt::format("g++-{}", major), search);
      if (found.empty()) continue;
      const auto version = version_of(found);
      if (version.clang || !fits(version)) continue;
      return {.path = found,
              .chosen = true,
              .words = fmt::format("{} ({} does not fit: {}; export NVCC_PREPEND_FLAGS=-ccbin={} CUDAHOSTCXX={})",
                                   fs::base_name(found) + " " + version.text, unfit, limit_words(), found, found)};
    }
    const auto remedy = fmt::format("sudo apt-get install g++-{}", newest);
    return {.words = fmt::format("{} does not fit ({}), and there is no g++-N that does: {}", unfit, limit_words(), remedy), .remedy = remedy};
  }

  int target() const { return native_target(request_.archs, request_.cc); }
  std::string target_words() const { return target() != 0 ? fmt::format("nvcc, sm_{},", target()) : "nvcc"; }
  bool has_static_runtime() const {
    const auto status = fs::status_of_target(at("lib64/libcudart_static.a"));
    return status && status->type == fs::Type::file;
  }

  Result<ChildResult> compile(const HostCompiler& compiler, std::uint32_t salt) const {
    const auto source = fs::join(scratch_, "proof.cu");
    TRY(fs::write_new_file(source, nvcc_program, 0644));
    std::vector<std::string> arguments{fmt::format("-DSALT={}u", salt), source, "-o", fs::join(scratch_, "proof")};
    if (target() != 0) arguments.push_back(fmt::format("-arch=sm_{}", target()));
    if (compiler.chosen) arguments.insert(arguments.end(), {"-ccbin", compiler.path});
    if (!has_static_runtime()) arguments.insert(arguments.end(), {"-cudart", "shared"});
    return child(at("bin/nvcc"), std::move(arguments), compile_deadline);
  }

  FurtherSteps not_compiled(const HostCompiler& compiler, const std::string& words, const std::string& why) {
    const auto text = fmt::format("nvcc with {}: {}", compiler.words, why);
    if (words.find("exception specification is incompatible") != std::string::npos) {
      facts_.remedy = "cudaenv install driver";
      return fail("glibc-too-new", fmt::format("glibc {}; {}; a newer toolkit knows it", gnu_get_libc_version(), text));
    }
    return fail("nvcc-failed", text);
  }

  FurtherSteps start(const std::string& made, std::uint32_t salt, std::uint32_t seed, double compile_ms) {
    ChildSpec spec;
    spec.program = fs::join(scratch_, "proof");
    spec.arguments = {std::to_string(seed), std::to_string(request_.device)};
    spec.environment = request_.run_environment;
    if (!has_static_runtime()) {
      auto& path = spec.environment["LD_LIBRARY_PATH"];
      path = at("lib64") + (path.empty() ? "" : ":" + path);
    }
    spec.folder = scratch_;
    spec.deadline = run_deadline;
    const auto ran = run_child(spec);
    if (const auto why = trouble(ran); !why.empty()) return fail("nvcc-program", made + ": the program: " + why);
    if (trim(ran->out) != expected_output(salt, seed)) {
      auto further = fail("wrong-results", fmt::format("{}: the program printed `{}`", made, printable(trim(ran->out), 80)));
      further.wrong_results = true;
      return further;
    }
    return pass(fmt::format("{}: compiled, linked and run, {} values checked ({:.1f} s)", made, nvcc_values, (compile_ms + ran->elapsed_ms) / 1000));
  }

  const NvccRequest& request_;
  CauseFacts facts_;
  std::string scratch_;
  Variables environment_;
  HostLimits limits_;
};

}  // namespace

int native_target(const std::vector<int>& archs, int cc) {
  int best = 0;
  for (const int arch : archs)
    if (arch <= cc && arch / 10 == cc / 10 && (arch == cc || !is_embedded(arch))) best = std::max(best, arch);
  return best;
}

std::string expected_output(std::uint32_t salt, std::uint32_t seed) {
  std::uint64_t digest = 14695981039346656037ULL;  // FNV-1a, as in the program
  for (std::uint32_t i = 0; i < nvcc_values; ++i) digest = (digest ^ (((i + salt) * 2654435761U) ^ seed)) * 1099511628211ULL;
  return fmt::format("{:016x}", digest);
}

FurtherSteps nvcc_step(const NvccRequest& request, CauseFacts facts) {
  const auto skip = [](std::string reason) { return FurtherSteps{.steps = {{"nvcc", StepStatus::skip, std::move(reason)}}}; };
  const auto nvcc = fs::status_of_target(fs::join(request.toolkit, "bin/nvcc"));
  if (!nvcc || nvcc->type != fs::Type::file) return skip("nvcc is not installed");
  const auto scratch = fs::make_temp_folder(request.tmp, "cudaenv-nvcc-");
  if (!scratch) return skip(scratch.error().what);
  auto further = NvccCheck(request, std::move(facts), *scratch).run();
  (void)fs::remove_tree(*scratch);
  return further;
}

}  // namespace cudaenv::verify
