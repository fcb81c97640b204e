#include "app/requirements.hpp"

#include <fmt/format.h>

#include <chrono>

#include "app/prove.hpp"
#include "app/torch.hpp"
#include "base/text.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::app {

namespace {

constexpr std::chrono::milliseconds facts_deadline{10'000};

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

std::unexpected<Error> unmet(const Selection& selection, std::string_view key, std::string_view wanted, const std::string& here) {
  return fail(Code::driver, fmt::format("cannot activate for `{}`", printable(selection.pin->path, 4096)),
              fmt::format("it requires {} {}, and here {}", key, wanted, here), "cudaenv driver");
}

}  // namespace

namespace {

Result<void> check_driver(const Selection& selection, const DriverFacts& facts, std::string_view wanted) {
  if (facts.pretended && facts.kernel_module.empty()) return {};  // CUDAENV_DRIVER names no driver version
  if (facts.kernel_module.empty()) return unmet(selection, "driver", wanted, "there is no driver");
  if (holds(wanted, facts.kernel_module)) return {};
  return unmet(selection, "driver", wanted, "it is " + facts.kernel_module);
}

Result<void> check_gpus(const Selection& selection, const DriverFacts& facts, std::string_view wanted) {
  if (facts.gpus.empty()) return unmet(selection, "compute capability", wanted, "there is no GPU");
  for (const auto& gpu : facts.gpus) {
    const auto here = fmt::format("{}.{}", gpu.cc_major, gpu.cc_minor);
    if (!holds(wanted, here)) return unmet(selection, "compute capability", wanted, fmt::format("{} has {}", gpu.name, here));
  }
  return {};
}

Result<void> check_torch(const World& world, const Selection& selection, std::string_view wanted) {
  const auto torch = TRY(torch_here(world));
  if (!torch) return unmet(selection, "torch", wanted, "there is no torch");
  std::string build = "cpu";
  if (torch->cuda) {
    build = "cu" + *torch->cuda;
    std::erase(build, '.');
  }
  if (build == wanted) return {};
  return unmet(selection, "torch", wanted, "it is built for " + build);
}

}  // namespace

Result<void> check_requirements(const World& world, const Selection& selection) {
  if (!selection.pin || selection.origin.kind != Origin::Kind::file) return {};
  const auto& require = selection.pin->pin.require;
  if (!require.torch.empty()) TRY(check_torch(world, selection, require.torch));
  if (require.driver.empty() && require.compute_capability.empty()) return {};
  const auto facts = TRY(driver_facts(world, facts_deadline));
  if (!require.driver.empty()) TRY(check_driver(selection, facts, require.driver));
  if (!require.compute_capability.empty()) TRY(check_gpus(selection, facts, require.compute_capability));
  return {};
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
