#include "app/requirements.hpp"

#include <fmt/format.h>

#include "app/driver.hpp"
#include "app/prove.hpp"
#include "app/select.hpp"
#include "app/torch.hpp"
#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/facts_tables.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::app {

namespace {

// `bound` was accepted by bound_fault: a comparison and dotted numbers.
bool holds(std::string_view bound, std::string_view value) {
  const auto digits = bound.find_first_of("0123456789");
  const auto op = trim(bound.substr(0, digits));
  const int order = verify::compare_drivers(value, bound.substr(digits));
  if (op == ">=") return order >= 0;
  if (op == "<=") return order <= 0;
  if (op == ">") return order > 0;
  if (op == "<") return order < 0;
  return (order == 0) == (op == "==");
}

// One line of [require], and who wrote it.
struct Requirement {
  const PinFile& file;
  std::uint32_t line;
  std::string_view key;
  std::string_view wanted;
};

std::unexpected<Error> unmet(const Requirement& one, const std::string& here, const char* fix) {
  return fail(Code::driver, fmt::format("cannot activate a toolkit for `{}`", printable(fs::parent(one.file.path), 4096)),
              fmt::format("{}:{} requires {} {}, and here {}", printable(one.file.path, 4096), one.line, one.key, one.wanted, here), fix);
}

// Of a pretended CUDA version only the driver's branch is known: a bound within that branch cannot be decided.
Result<void> check_branch(const World& world, const Requirement& one, int cuda) {
  const auto tables = TRY(verify::read_tables(world.paths.share + "/manifests"));
  const auto bound = one.wanted.substr(one.wanted.find_first_of("0123456789"));
  for (const auto& [branch, facts] : tables.branches) {
    const auto number = std::to_string(branch);
    if (facts.cuda != cuda || bound.substr(0, bound.find('.')) == number || holds(one.wanted, number)) continue;
    return unmet(one, fmt::format("the pretended one is of branch {} (CUDA {})", number, verify::cuda_text(cuda)), "cudaenv driver");
  }
  return {};
}

Result<void> check_driver(const World& world, const DriverFacts& facts, const Requirement& one) {
  if (facts.pretended && facts.kernel_module.empty()) return check_branch(world, one, facts.libcuda.cuda);
  const auto& version = facts.kernel_module.empty() ? facts.libcuda.file_version : facts.kernel_module;
  if (facts.libcuda.kind == LibcudaFacts::Kind::missing && version.empty()) return unmet(one, "there is no driver", "cudaenv driver");
  if (version.empty()) return unmet(one, "the driver does not say its version", "cudaenv driver");  // WSL
  if (holds(one.wanted, version)) return {};
  return unmet(one, "it is " + version, "cudaenv driver");
}

Result<void> check_gpus(const DriverFacts& facts, const Requirement& one) {
  if (facts.pretended_by == "CUDAENV_DRIVER" && facts.gpus.empty()) return {};  // CUDAENV_GPU names none
  if (facts.gpus.empty()) return unmet(one, facts.notes.empty() ? "there is no GPU" : "there is no GPU: " + facts.notes.front(), "cudaenv driver");
  for (const auto& gpu : facts.gpus) {
    const auto here = fmt::format("{}.{}", gpu.cc_major, gpu.cc_minor);
    if (!holds(one.wanted, here)) return unmet(one, fmt::format("GPU {} ({}) has {}", gpu.index, gpu.name, here), "cudaenv driver");
  }
  return {};
}

Result<void> check_torch(const World& world, const Requirement& one) {
  const auto torch = TRY(torch_here(world));
  if (!torch) return unmet(one, "there is no torch", "python3 -m pip install torch");
  std::string build = "cpu";
  if (torch->cuda) {
    build = "cu" + *torch->cuda;
    std::erase(build, '.');
  }
  if (build == one.wanted) return {};
  return unmet(one, "it is built for " + build, "python3 -m pip install --force-reinstall torch");
}

// Under a flag or $CUDAENV_TOOLKIT the file is read for its requirements alone.
std::shared_ptr<const PinFile> file_that_requires(const World& world, const Selection& selection) {
  if (selection.pin) return selection.pin;
  auto nearest = project_pin(world);
  return nearest ? *nearest : nullptr;
}

}  // namespace

Result<void> check_requirements(const World& world, const Selection& selection) {
  const auto file = file_that_requires(world, selection);
  if (!file) return {};
  const auto& require = file->pin.require;
  if (!require.torch.empty()) TRY(check_torch(world, {*file, require.torch_line, "torch", require.torch}));
  if (require.driver.empty() && require.compute_capability.empty()) return {};
  const auto facts = TRY(kept_driver_facts(world));
  if (!require.driver.empty()) TRY(check_driver(world, facts, {*file, require.driver_line, "driver", require.driver}));
  if (require.compute_capability.empty()) return {};
  return check_gpus(facts, {*file, require.compute_capability_line, "compute capability", require.compute_capability});
}

Result<std::string> check_verdict(const World& world, const Receipt& toolkit) {
  const auto verdict = ensure_verdict(world, toolkit);
  if (!verdict) return "not verified: " + sentence(verdict.error());
  const auto what = verdict->cause ? verdict->cause->what : std::string();
  if (verdict->kind != Verdict::Kind::refused)
    return what.empty() ? verdict_name(verdict->kind) : fmt::format("{}: {}", verdict_name(verdict->kind), what);
  return fail(Code::driver, fmt::format("toolkit `{}` does not run here", to_text(toolkit.version).view()), what,
              verdict->cause ? verdict->cause->fix : "");
}

std::string sentence(const Error& error) {
  auto text = error.what;
  for (const auto& cause : error.causes) text += ": " + cause;
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  return text;
}

}  // namespace cudaenv::app
