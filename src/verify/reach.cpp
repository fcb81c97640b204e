#include "verify/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "verify/machine_facts.hpp"

namespace cudaenv::verify {

namespace {

std::string short_name(const Version& toolkit) { return cuda_text(cuda_number(toolkit)); }

std::string below_floor(const Tables& tables, const Version& toolkit, int cuda, const std::string& driver) {
  const auto floor = tables.minor_compat_min.find(static_cast<int>(toolkit.major()));
  const auto needs = floor == tables.minor_compat_min.end() ? std::string() : fmt::format(", driver {}", floor->second);
  return fmt::format("driver {}{} is below the floor of {}.x{}", cuda_text(cuda), driver.empty() ? "" : " (" + driver + ")",
                     toolkit.major(), needs);
}

// A driver of the right CUDA major may still be an early one below the documented floor.
bool reaches_floor(const Tables& tables, const Version& toolkit, int cuda, const std::string& driver) {
  const auto major = static_cast<int>(toolkit.major());
  if (cuda / 1000 != major) return cuda / 1000 > major;
  const auto floor = tables.minor_compat_min.find(major);
  return driver.empty() || floor == tables.minor_compat_min.end() || compare_drivers(driver, floor->second) >= 0;
}

// SASS of Tegra parts is for these parts alone, although the numbers lie between those of others.
bool is_embedded(int arch) {
  constexpr int embedded[] = {53, 62, 72, 87, 88, 101, 110};
  return std::find(std::begin(embedded), std::end(embedded), arch) != std::end(embedded);
}

bool runs_on(int arch, int cc) { return arch == cc || (arch / 10 == cc / 10 && arch < cc && !is_embedded(arch)); }

// "sm_75 to sm_121", and how far that can be relied on.
std::string range_text(const Tables& tables, int cuda, const std::vector<int>& archs) {
  const auto range = fmt::format("sm_{} to sm_{}", archs.front(), archs.back());
  if (const auto read = tables.read_archs.find(cuda); read != tables.read_archs.end()) return fmt::format("{}, says its {}", range, read->second.asked);
  return tables.knows_archs(cuda) ? range : fmt::format("{}, if it has those of {}", range, cuda_text(tables.archs_known_to));
}

}  // namespace

DriverJudgement judge_driver(const Tables& tables, const Version& toolkit, int cuda, const std::string& driver) {
  const int wanted = cuda_number(toolkit);
  if (!reaches_floor(tables, toolkit, cuda, driver))
    return {DriverReach::refused, below_floor(tables, toolkit, cuda, driver)};
  const auto shown = cuda_text(cuda) + (driver.empty() ? "" : " (" + driver + ")");
  if (wanted <= cuda) return {DriverReach::ptx_too, fmt::format("driver {} >= {}", shown, short_name(toolkit))};
  const auto toolkit_isa = tables.isa_of_toolkit(wanted), driver_isa = tables.isa_of_driver(cuda);
  if (toolkit_isa && driver_isa && *toolkit_isa <= *driver_isa)
    return {DriverReach::ptx_too, fmt::format("driver {} < {}, but both know PTX ISA {}", shown, short_name(toolkit),
                                              isa_text(*toolkit_isa))};
  const auto isas = toolkit_isa && driver_isa ? fmt::format(" (ISA {} > {})", isa_text(*toolkit_isa), isa_text(*driver_isa))
                                              : std::string(toolkit_isa ? "" : " (its PTX ISA is not known)");
  return {DriverReach::sass_only, fmt::format("driver {} reaches the floor of {}.x, but is older than {}: its PTX is too new{}",
                                              shown, toolkit.major(), short_name(toolkit), isas)};
}

ArchJudgement judge_arch(const Tables& tables, const Version& toolkit, int cc) {
  const auto archs = tables.archs_of(cuda_number(toolkit));
  if (archs.empty()) return {ArchReach::native, fmt::format("the tables know no targets of {}", short_name(toolkit))};
  const auto shown = fmt::format("{} ({})", short_name(toolkit), range_text(tables, cuda_number(toolkit), archs));
  if (std::any_of(archs.begin(), archs.end(), [&](int arch) { return runs_on(arch, cc); }))
    return {ArchReach::native, fmt::format("sm_{} is a target of {}", cc, shown)};
  if (archs.front() > cc) return {ArchReach::gpu_too_old, fmt::format("sm_{} is older than every target of {}", cc, shown)};
  return {ArchReach::ptx_only, fmt::format("sm_{} is newer than the targets of {}: only PTX can run", cc, shown)};
}

Reach judge_reach(const Tables& tables, const Version& toolkit, const DriverFacts& facts) {
  if (facts.libcuda.kind == LibcudaFacts::Kind::missing) return {May::refused, "there is no NVIDIA driver here"};
  if (facts.libcuda.init_error != 0)
    return {May::refused, fmt::format("the driver does not start: cuInit answers {}", facts.libcuda.init_error)};
  const auto driver = judge_driver(tables, toolkit, facts.libcuda.cuda, facts.libcuda.file_version);
  if (driver.reach == DriverReach::refused) return {May::refused, driver.evidence};
  const May by_driver = driver.reach == DriverReach::ptx_too ? May::full : May::sass_only;
  Reach best{May::refused, ""};
  std::string left_out;
  for (const auto& gpu : facts.gpus) {
    const auto arch = judge_arch(tables, toolkit, gpu.cc_major * 10 + gpu.cc_minor);
    May may = by_driver;
    if (arch.reach == ArchReach::gpu_too_old) may = May::refused;
    if (arch.reach == ArchReach::ptx_only) may = by_driver == May::full ? May::ptx_only : May::refused;
    if (may != by_driver) left_out += fmt::format("; GPU {}: {}", gpu.index, arch.evidence);
    if (may < best.may) best.may = may;
  }
  if (facts.gpus.empty()) best.may = by_driver;
  best.why = driver.evidence + left_out;
  best.every_gpu = left_out.empty();
  return best;
}

namespace {

// The minor releases that the question is about: those of the tables, and the driver's own, which may be newer.
std::vector<int> minor_releases(const Tables& tables, int driver) {
  std::vector<int> list;
  for (const auto& [cuda, isa] : tables.ptx_isa) list.push_back(cuda);
  if (std::find(list.begin(), list.end(), driver) == list.end()) list.push_back(driver);
  std::sort(list.begin(), list.end());
  return list;
}

bool is_full(const Tables& tables, int cuda, const DriverFacts& facts, bool every_gpu) {
  Version version;
  if (!parse_version(cuda_text(cuda), version)) return false;
  const auto reach = judge_reach(tables, version, facts);
  return reach.may == May::full && (reach.every_gpu || !every_gpu);
}

}  // namespace

std::optional<std::string> full_range(const Tables& tables, const DriverFacts& facts) {
  const auto releases = minor_releases(tables, facts.libcuda.cuda);
  for (const bool every_gpu : {true, false}) {
    const auto full = [&](int cuda) { return is_full(tables, cuda, facts, every_gpu); };
    const auto newest = std::find_if(releases.rbegin(), releases.rend(), full);
    if (newest == releases.rend()) continue;
    const auto gap = std::find_if_not(newest, releases.rend(), full);
    return fmt::format(">={},<{}", cuda_text(*std::prev(gap)), cuda_text(*newest + 10));
  }
  return std::nullopt;
}

}  // namespace cudaenv::verify
