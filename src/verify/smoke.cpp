#include "verify/smoke.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"
#include "verify/smoke_programs.hpp"
#include "verify/tool_run.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::chrono::seconds compile_deadline{60}, run_deadline{20};

Step passed(std::string name, std::string evidence) { return {std::move(name), StepStatus::pass, std::move(evidence)}; }
Step failed(std::string name, std::string evidence) { return {std::move(name), StepStatus::fail, std::move(evidence)}; }
Step skipped(std::string name, std::string evidence) { return {std::move(name), StepStatus::skip, std::move(evidence)}; }

class Checks {
 public:
  Checks(const Receipt& receipt, const SmokeOptions& options, std::string scratch)
      : receipt_(receipt), scratch_(std::move(scratch)), environment_(tool_environment(options.environment, scratch_)) {
    const auto path = environment_.find("PATH");
    for (const std::string_view name : {"g++", "c++", "clang++"})
      if (compiler_.empty() && path != environment_.end()) compiler_ = find_in_path(name, path->second);
  }

  // The checks that this toolkit's files make possible, in the order in which they are shown.
  std::vector<std::function<Step()>> all() {
    std::vector<std::function<Step()>> checks;
    if (has("bin/nvcc")) {
      checks.emplace_back([this] { return nvcc("nvcc-shared", "shared"); });
      if (has("lib64/libcudart_static.a")) checks.emplace_back([this] { return nvcc("nvcc-static", "static"); });
    } else if (has("lib64/libcudart.so")) {
      checks.emplace_back([this] { return host("runtime", runtime_program, {"-lcudart"}, Run::yes); });
    }
    if (has("include/cuda.h") && has("lib64/stubs/libcuda.so"))
      checks.emplace_back([this] { return host("driver-api", driver_program, {"-lcuda"}, Run::no); });
    if (has("include/nvrtc.h") && has("lib64/libnvrtc.so"))
      checks.emplace_back([this] { return host("nvrtc", nvrtc_program, {"-lnvrtc"}, Run::yes); });
    if (checks.empty() || compiler_.empty()) checks.emplace_back([this] { return libraries(); });
    return checks;
  }

 private:
  enum class Run { yes, no };

  std::string at(std::string_view inside) const { return fs::join(receipt_.path, inside); }
  bool has(std::string_view inside) const {
    const auto status = fs::status_of_target(at(inside));
    return status && status->type == fs::Type::file;
  }

  Result<ChildResult> child(const std::string& program, std::vector<std::string> arguments, std::chrono::seconds deadline,
                            bool with_libraries = false) const {
    ChildSpec spec;
    spec.program = program;
    spec.arguments = std::move(arguments);
    spec.environment = environment_;
    if (with_libraries) spec.environment["LD_LIBRARY_PATH"] = at("lib64");
    spec.folder = scratch_;
    spec.deadline = deadline;
    return run_child(spec);
  }

  Step nvcc(const std::string& name, const std::string& runtime) const {
    if (compiler_.empty() && !environment_.contains("NVCC_CCBIN")) return no_compiler(name);
    const auto source = fs::join(scratch_, name + ".cu"), program = fs::join(scratch_, name);
    if (auto written = fs::write_new_file(source, cuda_program, 0644); !written) return failed(name, written.error().what);
    const auto built = child(at("bin/nvcc"), {"-cudart", runtime, source, "-o", program}, compile_deadline);
    if (const auto why = trouble(built); !why.empty()) return failed(name, "nvcc: " + why);
    const auto ran = child(program, {}, run_deadline, runtime == "shared");
    if (const auto why = trouble(ran); !why.empty()) return failed(name, "the compiled program: " + why);
    return passed(name, fmt::format("compiled, linked and started, {} ({:.1f} s)", shown("CUDA runtime", ran->out),
                                    (built->elapsed_ms + ran->elapsed_ms) / 1000));
  }

  Step host(const std::string& name, std::string_view text, const std::vector<std::string>& libraries, Run run) const {
    if (compiler_.empty()) return no_compiler(name);
    const auto source = fs::join(scratch_, name + ".cpp"), program = fs::join(scratch_, name);
    if (auto written = fs::write_new_file(source, text, 0644); !written) return failed(name, written.error().what);
    std::vector<std::string> arguments{"-I" + at("include"), source, "-L" + at("lib64"), "-L" + at("lib64/stubs")};
    arguments.insert(arguments.end(), libraries.begin(), libraries.end());
    arguments.insert(arguments.end(), {"-o", program});
    const auto built = child(compiler_, std::move(arguments), compile_deadline);
    const auto tool = fs::base_name(compiler_);
    if (const auto why = trouble(built); !why.empty()) return failed(name, tool + ": " + why);
    if (run == Run::no) return passed(name, "compiled and linked with " + libraries.front());
    const auto ran = child(program, {}, run_deadline, true);
    if (const auto why = trouble(ran); !why.empty()) return failed(name, "the compiled program: " + why);
    return passed(name, "compiled, linked and started, " + shown(libraries.front().substr(2), ran->out));
  }

  // What the program printed: 13000 (13.0), 13.0, or "error 35" where the runtime of CUDA 11 finds no driver.
  static std::string shown(std::string_view what, std::string_view out) {
    const auto said = trim(out);
    if (said.starts_with("error")) return std::string(what) + " answers (" + printable(said, 40) + ": no driver here)";
    const auto number = parse_u64(said);
    if (!number) return std::string(what) + " " + printable(said, 40);
    return fmt::format("{} {}.{}", what, *number / 1000, *number % 1000 / 10);
  }

  static Step no_compiler(const std::string& name) { return skipped(name, "no g++ found: apt-get install g++"); }

  // Without a host compiler: at least every shared library is one.
  Step libraries() const {
    std::size_t count = 0;
    const auto names = fs::list(at("lib"));
    if (!names) return failed("libraries", names.error().what);
    for (const auto& name : *names) {
      if (name.find(".so") == std::string::npos) continue;
      const auto head = fs::read_at(fs::join(at("lib"), name), 0, 20);
      constexpr std::string_view shared_object("\x7f" "ELF\x02\x01", 6);
      if (!head || !head->starts_with(shared_object)) return failed("libraries", "lib/" + name + " is not a shared library");
      ++count;
    }
    if (count == 0) return skipped("libraries", "this toolkit has none");
    return passed("libraries", std::to_string(count) + " shared libraries are readable");
  }

  const Receipt& receipt_;
  std::string scratch_;
  Variables environment_;
  std::string compiler_;
};

std::vector<Step> run_all(const std::vector<std::function<Step()>>& checks, unsigned at_once) {
  std::vector<Step> steps(checks.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto i = next++; i < checks.size(); i = next++) steps[i] = checks[i]();
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < at_once; ++i) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  return steps;
}

}  // namespace

Result<std::vector<Step>> smoke_test(const Receipt& receipt, const SmokeOptions& options) {
  const auto scratch = TRY(fs::make_temp_folder(options.tmp, "smoke-"));
  Checks checks(receipt, options, scratch);
  auto steps = run_all(checks.all(), std::clamp(options.cores, 1U, 2U));
  (void)fs::remove_tree(scratch);
  return steps;
}

}  // namespace cudaenv::verify
