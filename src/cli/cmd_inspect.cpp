// `cudaenv inspect`: which GPU code and which libraries are in a binary.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/inspect.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

// "80 90 in all 397, 89 in 1": what only some containers have is told apart.
std::string archs_line(const std::map<std::string, std::uint32_t>& archs, std::uint32_t containers) {
  auto sorted = std::vector<std::pair<std::string, std::uint32_t>>(archs.begin(), archs.end());
  const auto number = [](const std::string& arch) { return parse_u64(arch.substr(0, arch.find_first_not_of("0123456789"))).value_or(0); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) { return number(a.first) < number(b.first); });
  std::string whole, partly;
  for (const auto& [arch, count] : sorted) {
    if (count == containers) whole += (whole.empty() ? "" : " ") + arch;
    else partly += (partly.empty() ? "" : ", ") + arch + " in " + std::to_string(count);
  }
  if (!whole.empty()) whole += containers == 1 ? "" : " in all " + std::to_string(containers);
  else if (!partly.empty()) partly += " of " + std::to_string(containers);
  return whole + (whole.empty() || partly.empty() ? "" : ", ") + partly;
}

nlohmann::json binary_json(const app::BinaryReport& report) {
  auto isa = nlohmann::json::object();
  for (const auto& [arch, number] : report.ptx_isa) isa[arch] = std::to_string(number / 10) + "." + std::to_string(number % 10);
  return {{"path", report.path},   {"soname", report.soname}, {"needs", report.needs}, {"containers", report.containers},
          {"sass", report.sass},   {"ptx", report.ptx},       {"lto", report.lto},     {"ptx_isa", std::move(isa)}};
}

std::string binary_text(const World& world, const app::BinaryReport& report) {
  auto text = styled(world, Style::bold, printable(report.path, 4096)) + "\n";
  const auto line = [&](const char* name, const std::string& value) { text += std::string("  ") + name + value + "\n"; };
  if (!report.has_gpu_code()) line("no GPU code", "");
  if (!report.sass.empty()) line("sass   ", archs_line(report.sass, report.containers));
  if (!report.ptx.empty()) {
    int newest = 0;
    for (const auto& [arch, isa] : report.ptx_isa) newest = std::max(newest, isa);
    line("ptx    ", archs_line(report.ptx, report.containers) + ", PTX ISA " + std::to_string(newest / 10) + "." + std::to_string(newest % 10));
  }
  if (!report.lto.empty()) line("lto    ", archs_line(report.lto, report.containers));
  if (!report.needs.empty()) line("needs  ", printable(join(report.needs, " "), 4096));
  return text;
}

Result<int> run_inspect(World& world, const std::vector<std::string>& paths) {
  auto files = nlohmann::json::array(), unreadable = nlohmann::json::array();
  for (const auto& path : paths) {
    const auto inspection = TRY(app::inspect(path));
    for (const auto& report : inspection.files) {
      if (world.json) files.push_back(binary_json(report));
      else print(binary_text(world, report));
    }
    for (const auto& one : inspection.unreadable) {
      if (world.json) unreadable.push_back({{"path", one.path}, {"why", one.why}});
      else note(world, "cannot read `" + printable(one.path, 4096) + "`: " + printable(one.why));
    }
    if (!world.json && inspection.files.empty()) note(world, "no GPU code below `" + printable(path) + "`");
  }
  if (world.json) print_json({{"files", std::move(files)}, {"unreadable", std::move(unreadable)}});
  return 0;
}

}  // namespace

Runner add_inspect(CLI::App& app) {
  auto paths = std::make_shared<std::vector<std::string>>();
  app.add_option("PATH", *paths, "ELF files, cubins, fat binaries, or folders such as a virtual environment")->required();
  return [paths](World& world) { return run_inspect(world, *paths); };
}

}  // namespace cudaenv::cli
