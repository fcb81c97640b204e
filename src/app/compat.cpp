#include "app/compat.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sys/fs.hpp"
#include "verify/compat.hpp"
#include "verify/driver_view.hpp"
#include "verify/facts_tables.hpp"

namespace cudaenv::app {

namespace {

constexpr int error_too_old = 35, error_ptx_too_new = 222;

// The two failures that a newer user-mode driver mends.
bool driver_is_too_old(const Verdict& verdict) {
  return verdict.cause && (verdict.cause->cuda_error == error_too_old || verdict.cause->cuda_error == error_ptx_too_new);
}

int rank(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::refused: return 0;
    case Verdict::Kind::compile_only: return 1;
    case Verdict::Kind::degraded: return 2;
    case Verdict::Kind::proven: return 3;
  }
  return 0;
}

std::string real_library(const std::string& folder) {
  const auto path = folder + "/libcuda.so.1";
  return fs::real_path(path).value_or(path);
}

verify::CompatHost host_of(const DriverFacts& driver) {
  verify::CompatHost host{driver.kernel_module, {}};
  for (const auto& gpu : driver.gpus) host.gpus.push_back(gpu.name);
  return host;
}

// A channel may have what this toolkit lacks: said only where the tables promise that it helps.
Result<void> advise(const World& world, const Receipt& toolkit, Attempt& plain) {
  const auto tables = TRY(verify::read_compat_tables(world.paths.share + "/manifests"));
  const verify::CompatPackage package{verify::cuda_number(toolkit.version), "", {}};
  const auto judged = verify::judge_compat(tables, package, host_of(plain.driver));
  if (judged.may == verify::CompatJudgement::May::yes)
    plain.verdict.cause->fix += fmt::format("; or `cudaenv install {} --with compat`: {}", to_text(toolkit.version).view(), judged.why);
  return {};
}

void insert_step(Verdict& verdict, StepStatus status, std::string evidence) {
  const auto after = std::find_if(verdict.steps.begin(), verdict.steps.end(), [](const Step& step) { return step.name == "genuine"; });
  verdict.steps.insert(after == verdict.steps.end() ? after : after + 1, Step{"compat", status, std::move(evidence)});
}

std::string outcome(const Verdict& verdict) {
  return verdict.cause ? fmt::format("{}: {}", verdict_name(verdict.kind), verdict.cause->what) : verdict_name(verdict.kind);
}

}  // namespace

std::string compat_folder(const Receipt& toolkit) {
  const auto is_compat = [](const InstalledComponent& one) { return one.name == "compat"; };
  if (!toolkit.linked && std::none_of(toolkit.components.begin(), toolkit.components.end(), is_compat)) return {};
  auto folder = toolkit.path + "/compat";
  const auto library = fs::status_of_target(folder + "/libcuda.so.1");
  return library && library->type == fs::Type::file ? folder : std::string();
}

World with_compat(const World& world, const std::string& folder) {
  auto variables = world.env.all();
  auto& path = variables["LD_LIBRARY_PATH"];
  path = path.empty() ? folder : folder + ":" + path;
  variables["CUDAENV_LIBCUDA"] = folder + "/libcuda.so.1";
  World out = world;
  out.env = Environment(std::move(variables));
  return out;
}

Result<CompatChoice> choose_compat(const World& world, const Receipt& toolkit, Attempt& plain) {
  CompatChoice choice{compat_folder(toolkit), false, {}};
  const bool wanted = driver_is_too_old(plain.verdict);
  if (choice.folder.empty()) {
    if (wanted) TRY(advise(world, toolkit, plain));
    return choice;
  }
  const auto library = real_library(choice.folder);
  if (plain.driver.libcuda.path == library) {
    choice.why = "it is first already";
  } else if (!wanted) {
    choice.why = rank(plain.verdict.kind) >= 2 ? "the driver needs none" : "it would not help: " + outcome(plain.verdict);
  } else {
    const auto tables = TRY(verify::read_compat_tables(world.paths.share + "/manifests"));
    // A note that cannot be read is none.
    const auto note = verify::read_compat_note(library);
    const verify::CompatPackage package{verify::cuda_number(toolkit.version), verify::libcuda_file_version(library),
                                        note ? *note : std::nullopt};
    const auto judged = verify::judge_compat(tables, package, host_of(plain.driver));
    choice.try_it = judged.may != verify::CompatJudgement::May::no;
    choice.why = judged.why;
  }
  return choice;
}

Verdict settle_compat(const CompatChoice& choice, Verdict plain, Verdict* with) {
  if (choice.folder.empty()) return plain;
  CompatUse use{choice.folder, false, choice.why};
  if (with == nullptr) {
    // Loaded because somebody, or an activation of ours, has put it first.
    use.active = choice.why == "it is first already" && rank(plain.kind) >= 2;
    if (driver_is_too_old(plain) && !use.active) insert_step(plain, StepStatus::skip, use.folder + " was not tried: " + use.why);
    plain.compat = std::move(use);
    return plain;
  }
  if (rank(with->kind) > rank(plain.kind)) {
    use.active = true;
    insert_step(*with, StepStatus::pass, fmt::format("{} first ({}); without it {}", use.folder, use.why, outcome(plain)));
    with->compat = std::move(use);
    return std::move(*with);
  }
  use.why = outcome(*with);
  insert_step(plain, StepStatus::fail, fmt::format("with {}: {}", use.folder, use.why));
  plain.compat = std::move(use);
  return plain;
}

}  // namespace cudaenv::app
