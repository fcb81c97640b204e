#include "app/inspect.hpp"

#include <algorithm>

#include "loader/elf_object.hpp"
#include "loader/fatbin.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

namespace {

bool is_library_name(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  const auto at = name.find(".so");
  return at != std::string_view::npos && (at + 3 == name.size() || name[at + 3] == '.');
}

std::string reason(const Error& error) { return error.causes.empty() ? error.what : error.causes.front(); }

Result<Inspection> inspect_folder(const std::string& folder) {
  Inspection all;
  auto entries = TRY(fs::walk(folder));
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  for (const auto& entry : entries) {
    if (entry.status.type != fs::Type::file || !is_library_name(entry.path)) continue;
    const auto path = fs::join(folder, entry.path);
    auto report = inspect_file(path);
    if (!report) all.unreadable.push_back({path, reason(report.error())});
    else if (report->has_gpu_code()) all.files.push_back(std::move(*report));
  }
  return all;
}

}  // namespace

Result<BinaryReport> inspect_file(const std::string& path) {
  const auto sum = loader::sum_up(TRY(loader::read_gpu_code(path)));
  BinaryReport report{path, {}, {}, sum.containers, sum.sass, sum.ptx, sum.lto, sum.ptx_isa};
  // A bare fat binary is no ELF file, and a cubin's dynamic section is none of the dynamic linker's.
  if (const auto object = loader::read_object(path)) {
    report.soname = object->soname;
    report.needs = object->needed;
  }
  return report;
}

Result<Inspection> inspect(const std::string& path) {
  const auto status = TRY(fs::status_of_target(path));
  if (status.type == fs::Type::folder) return inspect_folder(path);
  Inspection one;
  one.files.push_back(TRY(inspect_file(path)));
  return one;
}

}  // namespace cudaenv::app
