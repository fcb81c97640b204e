#include "verify/compat.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "verify/facts_tables.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::verify {

namespace {

using May = CompatJudgement::May;

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "L4" is in "NVIDIA L4" and not in "NVIDIA L40S".
bool has_words(std::string_view product, std::string_view name) {
  for (auto at = product.find(name); at != std::string_view::npos; at = product.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !is_word(product[at - 1])) && (end == product.size() || !is_word(product[end]))) return true;
  }
  return false;
}

bool contains(const std::vector<int>& list, int value) { return std::find(list.begin(), list.end(), value) != list.end(); }

CompatJudgement judge_gpu(const CompatTables& tables, const std::string& product) {
  if (has_words(product, "GeForce") || has_words(product, "TITAN"))
    return {May::no, product + " is no data-centre GPU (CUDA answers 804)"};
  const auto known = std::find_if(tables.gpus.begin(), tables.gpus.end(), [&](const auto& gpu) { return has_words(product, gpu.name); });
  if (known == tables.gpus.end()) return {May::unknown, "the tables do not know " + product};
  // Some RTX cards of NGC Ready systems are supported: their name does not tell.
  return known->data_centre ? CompatJudgement{May::yes, product} : CompatJudgement{May::unknown, product + " may be supported or not"};
}

CompatJudgement judge_branch(const CompatTables& tables, const CompatPackage& package, int branch) {
  if (package.note && !package.note->drivers.empty()) {
    if (contains(package.note->drivers, branch)) return {May::yes, fmt::format("its note names driver branch {}", branch)};
    return {May::no, fmt::format("its note names the driver branches {}, not {}", fmt::join(package.note->drivers, ", "), branch)};
  }
  const int cuda = package.cuda != 0 || !package.note ? package.cuda : package.note->cuda;
  const auto cell = tables.packages.find(cuda);
  if (cell == tables.packages.end())
    return {May::unknown, fmt::format("the tables do not know the package of CUDA {}", cuda_text(cuda))};
  if (cell->second.same == branch) return {May::no, fmt::format("driver branch {} is that of CUDA {} itself", branch, cuda_text(cuda))};
  if (contains(cell->second.works, branch)) return {May::yes, fmt::format("CUDA {} supports it over driver branch {}", cuda_text(cuda), branch)};
  return {May::no, fmt::format("CUDA {} does not support it over driver branch {}", cuda_text(cuda), branch)};
}

CompatJudgement judge_versions(const CompatPackage& package, const CompatHost& host) {
  if (package.version.empty() || host.module.empty()) return {};
  const int order = compare_drivers(package.version, host.module);
  if (order == 0) return {May::no, fmt::format("it is of the running driver's own version, {}", host.module)};
  if (order < 0) return {May::no, fmt::format("its {} is older than the kernel module {} (CUDA answers 803)", package.version, host.module)};
  return {};
}

}  // namespace

int branch_of(std::string_view driver) {
  const auto branch = parse_u64(driver.substr(0, driver.find('.')));
  return branch && *branch < 100'000 && driver.find('.') != std::string_view::npos ? static_cast<int>(*branch) : 0;
}

CompatJudgement judge_compat(const CompatTables& tables, const CompatPackage& package, const CompatHost& host) {
  if (auto versions = judge_versions(package, host); versions.may == May::no) return versions;
  bool every_gpu_known = !host.gpus.empty();
  for (const auto& product : host.gpus) {
    auto gpu = judge_gpu(tables, product);
    if (gpu.may == May::no) return gpu;
    every_gpu_known = every_gpu_known && gpu.may == May::yes;
  }
  const int branch = branch_of(host.module);
  if (branch == 0) return {May::unknown, "the kernel module's version is not known"};
  auto judged = judge_branch(tables, package, branch);
  if (judged.may == May::yes && !every_gpu_known) judged.may = May::unknown;
  return judged;
}

}  // namespace cudaenv::verify
