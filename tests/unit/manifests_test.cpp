// manifests/ against NVIDIA's own files, and against itself.
#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "catalog/data.hpp"
#include "model/pep440.hpp"
#include "sys/fs.hpp"
#include "sys/toml_file.hpp"
#include "unit/catch.hpp"
#include "unit/shared_data.hpp"

using namespace cudaenv;
using nlohmann::json;

namespace {

const std::string folder = std::string(CUDAENV_SOURCE_DIR) + "/manifests";

json table(const std::string& name) {
  const auto read = read_toml_file(folder + "/" + name);
  REQUIRE(read);
  return *read;
}

const CatalogData& data() {
  static const auto loaded = load_catalog_data(folder);
  REQUIRE(loaded);
  return *loaded;
}

Version version(const std::string& text) {
  Version out;
  CAPTURE(text);
  REQUIRE(parse_version(text, out));
  return out;
}

std::string minor_of(const Version& version_) {
  return std::to_string(version_.major()) + "." + std::to_string(version_.minor());
}

// The minor releases that toolkits.toml knows, oldest first.
std::vector<std::string> minors() {
  std::vector<std::string> out;
  for (const auto& fact : data().toolkits)
    if (out.empty() || out.back() != minor_of(fact.version)) out.push_back(minor_of(fact.version));
  return out;
}

}  // namespace

TEST_CASE("toolkits.toml says what the real manifests say", "[manifests][shared]") {
  const auto shared = shared_data::folder("redistrib/cuda");
  if (shared.empty()) return;
  std::size_t compared = 0;
  for (const auto& item : std::filesystem::directory_iterator(shared)) {
    const auto name = item.path().filename().string();
    CAPTURE(name);
    const auto text = fs::read_file(item.path().string(), 16U << 20);
    REQUIRE(text);
    const auto manifest = json::parse(*text);
    const auto* fact = data().toolkit(version(name.substr(10, name.size() - 15)));
    REQUIRE(fact);
    CHECK(fact->date == manifest.at("release_date"));
    CHECK(fact->bundled == manifest.at("nvidia_driver").at("version"));
    CHECK(fact->nvcc == manifest.at("cuda_nvcc").at("version"));
    CHECK(fact->cudart == manifest.at("cuda_cudart").at("version"));
    CHECK(fact->redist);
    ++compared;
  }
  CHECK(compared == 37);
}

TEST_CASE("the hashes of manifests are those that others pinned", "[manifests][shared]") {
  const auto shared = shared_data::folder("redistrib");
  if (shared.empty()) return;
  const auto text = fs::read_file(shared + "/SHA256SUMS.upstream", 1U << 20);
  REQUIRE(text);
  std::size_t compared = 0;
  for (const auto line : split(*text, '\n')) {
    const auto at = line.find("cuda/redistrib_");
    if (at == std::string_view::npos) continue;
    const auto* fact = data().toolkit(version(std::string(line.substr(at + 15, line.size() - at - 20))));
    CAPTURE(std::string(line));
    REQUIRE(fact);
    CHECK(fact->manifest_sha256 == line.substr(0, 64));
    ++compared;
  }
  CHECK(compared == 29);
}

TEST_CASE("every toolkit has a PTX ISA, and it never goes back", "[manifests]") {
  const auto ptx = table("ptx.toml").at("toolkit");
  std::optional<Version> before;
  for (const auto& minor : minors()) {
    CAPTURE(minor);
    REQUIRE(ptx.contains(minor));
    const auto isa = version(ptx.at(minor));
    if (before) CHECK_FALSE(isa < *before);
    before = isa;
  }
  CHECK(ptx.size() == minors().size());
  CHECK_FALSE(ptx.contains("12.7"));
}

TEST_CASE("toolkit facts are well formed", "[manifests]") {
  CHECK(data().toolkits.size() >= 63);
  for (const auto& fact : data().toolkits) {
    CAPTURE(std::string(to_text(fact.version).view()));
    CHECK_FALSE(fact.version.prerelease());
    CHECK((fact.manifest_sha256.empty() || parse_sha256(fact.manifest_sha256) == fact.manifest_sha256));
    CHECK((fact.date.empty() || (fact.date.size() == 10 && fact.date[4] == '-' && fact.date[7] == '-')));
    for (const auto& text : {fact.driver, fact.bundled, fact.nvcc, fact.cudart}) CHECK((text.empty() || pep440::parse(text)));
    CHECK(fact.nvcc.empty() == fact.cudart.empty());
    if (!fact.nvcc.empty()) CHECK(version(minor_of(fact.version)).is_prefix_of(version(fact.nvcc)));
  }
  for (std::size_t i = 1; i < data().toolkits.size(); ++i) CHECK(data().toolkits[i - 1].version < data().toolkits[i].version);
}

TEST_CASE("a toolkit's driver is no older than its floor, and its branch loads its PTX", "[manifests]") {
  const auto drivers = table("drivers.toml");
  const auto ptx = table("ptx.toml").at("toolkit");
  for (const auto& fact : data().toolkits) {
    if (fact.driver.empty() || fact.driver.find('.') == std::string::npos) continue;
    CAPTURE(std::string(to_text(fact.version).view()));
    const auto branch = fact.driver.substr(0, fact.driver.find('.'));
    REQUIRE(drivers.at("branch").contains(branch));
    CHECK(drivers.at("branch").at(branch).at("cuda") == minor_of(fact.version));
    CHECK(drivers.at("branch").at(branch).at("ptx") == ptx.at(minor_of(fact.version)));
    // The floor of a major version is a later build of its first branch: 11.0 GA itself lies just below.
    const auto floor = pep440::parse(drivers.at("minor-compatibility").at(std::to_string(fact.version.major())).get<std::string>());
    const auto driver = pep440::parse(fact.driver);  // driver numbers have leading zeros: 525.60.13, 450.51.05
    REQUIRE((floor && driver));
    if (minor_of(fact.version) != "11.0") CHECK(pep440::compare(*driver, *floor) >= 0);
  }
}

TEST_CASE("driver branches rise with the CUDA version that they answer", "[manifests]") {
  std::map<int, std::pair<Version, Version>> branches;
  const auto drivers_file = table("drivers.toml");  // a loop does not keep what it was made from
  for (const auto& [branch, values] : drivers_file.at("branch").items())
    branches[std::stoi(branch)] = {version(values.at("cuda")), version(values.at("ptx"))};
  const std::pair<Version, Version>* before = nullptr;
  for (const auto& [branch, values] : branches) {
    CAPTURE(branch);
    if (before) {
      CHECK(before->first < values.first);
      CHECK_FALSE(values.second < before->second);
    }
    before = &values;
  }
}

TEST_CASE("architectures: ranges begin before they end, and each toolkit has some", "[manifests]") {
  const auto root = table("sm.toml");
  for (const auto& [sm, range] : root.at("sm").items()) {
    CAPTURE(sm);
    const auto first = version(range.at("first"));
    if (range.contains("last")) CHECK_FALSE(version(range.at("last")) < first);
  }
  const auto targets = [&](const Version& toolkit) {
    std::set<int> out;
    for (const auto& [sm, range] : root.at("sm").items())
      if (!(toolkit < version(range.at("first"))) && (!range.contains("last") || !(version(range.at("last")) < toolkit))) out.insert(std::stoi(sm));
    return out;
  };
  CHECK(targets(version("11.0")) == std::set<int>{35, 37, 50, 52, 53, 60, 61, 62, 70, 72, 75, 80});
  CHECK(targets(version("12.6")) == std::set<int>{50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90});
  CHECK(targets(version("13.0")) == std::set<int>{75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121});
  // A target cannot be older than the PTX ISA that first names it.
  const auto ptx = table("ptx.toml");
  for (const auto& [target, isa] : ptx.at("target").items()) {
    const auto number = target.substr(3);
    const auto first = root.at("variant").contains(number) ? root.at("variant").at(number).get<std::string>()
                                                           : root.at("sm").at(number).at("first").get<std::string>();
    CAPTURE(target);
    CHECK_FALSE(version(ptx.at("toolkit").at(first)) < version(isa));
  }
}

TEST_CASE("forward compatibility: a base is never newer than its package, nor a feature branch", "[manifests]") {
  const auto drivers = table("drivers.toml").at("branch");
  const auto forward_compat_file = table("forward_compat.toml");
  for (const auto& [package, cell] : forward_compat_file.at("package").items()) {
    CAPTURE(package);
    for (const auto& base : cell.at("works")) {
      const auto branch = std::to_string(base.get<int>());
      REQUIRE(drivers.contains(branch));
      CHECK(version(drivers.at(branch).at("cuda")) < version(package));
      for (const char* feature : {"545", "555", "560", "565", "575"}) CHECK(branch != feature);
    }
    if (cell.contains("same")) CHECK(drivers.at(std::to_string(cell.at("same").get<int>())).at("cuda") == package);
  }
}

TEST_CASE("host compilers: limits are ordered and never go back", "[manifests]") {
  std::map<Version, json> rows;
  const auto host_compilers_file = table("host_compilers.toml");
  for (const auto& [toolkit, row] : host_compilers_file.at("toolkit").items()) rows[version(toolkit)] = row;
  int gcc = 0, clang = 0;
  for (const auto& [toolkit, row] : rows) {
    CAPTURE(std::string(to_text(toolkit).view()));
    CHECK(row.at("gcc-min").get<int>() <= row.at("gcc-max").get<int>());
    CHECK(row.at("gcc-max").get<int>() >= gcc);
    CHECK(row.at("clang-max").get<int>() >= clang);
    gcc = row.at("gcc-max");
    clang = row.at("clang-max");
  }
}

TEST_CASE("sonames belong to known components", "[manifests]") {
  const auto libraries = table("sonames.toml").at("library");
  for (const auto& [library, row] : libraries.items()) {
    CAPTURE(library);
    CHECK(data().component(row.at("component").get<std::string>()));
    for (const char* major : {"11", "12", "13"})
      for (const auto& soname : row.at(major)) {
        CHECK(soname.get<std::string>().starts_with("lib" + library + ".so."));
      }
    if (row.contains("needs"))
      for (const auto& needed : row.at("needs")) CHECK(libraries.contains(needed.get<std::string>()));
  }
}

TEST_CASE("a GPU name has one compute capability", "[manifests]") {
  std::set<std::string> seen;
  const auto sm = table("sm.toml").at("sm");
  const auto gpus_file = table("gpus.toml");
  for (const auto& gpu : gpus_file.at("gpu")) {
    auto capability = gpu.at("compute-capability").get<std::string>();
    CAPTURE(capability);
    capability.erase(capability.find('.'), 1);
    CHECK(sm.contains(capability));
    for (const auto& name : gpu.at("names")) CHECK(seen.insert(name.get<std::string>()).second);
  }
}

TEST_CASE("components and profiles hang together", "[manifests]") {
  std::set<std::string> wheels, archives;
  for (const auto& fact : data().components) {
    CAPTURE(fact.name);
    CHECK_FALSE(fact.title.empty());
    CHECK((!fact.wheel.empty() || !fact.redist.empty()));
    if (!fact.wheel.empty()) CHECK(wheels.insert(fact.wheel).second);
    for (const auto& name : fact.redist) CHECK(archives.insert(name).second);
    if (!fact.inside.empty()) CHECK(data().component(fact.inside));
  }
  CHECK(std::ranges::is_sorted(data().components, {}, &ComponentFact::name));
  for (const char* name : {"runtime", "compile", "math", "full"}) CHECK(data().profiles.contains(name));
  const auto& compile = data().profiles.at("compile");
  for (const char* heavy : {"nvrtc", "nvjitlink", "cublas"}) CHECK(std::ranges::find(compile, heavy) == compile.end());
  CHECK(data().by_wheel("nvidia-cuda-nvcc")->name == "nvcc");
  CHECK(data().by_redist("libcusparse_lt")->name == "cusparselt");
  CHECK(data().by_wheel("") == nullptr);
  CHECK(data().component("nonsense") == nullptr);
}

TEST_CASE("what is not known of a release is known to be unknown", "[manifests]") {
  const auto sm = table("sm.toml");
  const auto known_to = version(sm.at("known-to"));
  for (const auto& [arch, range] : sm.at("sm").items()) {
    CAPTURE(arch);
    CHECK_FALSE(known_to < version(range.at("first")));
    if (range.contains("last")) CHECK(version(range.at("last")) < known_to);
  }
  // Beyond the measured targets nothing but the PTX ISA may be claimed.
  const auto variants = sm.at("variant");
  for (const auto& [name, first] : variants.items()) CHECK_FALSE(known_to < version(first));
  const auto host_compilers = table("host_compilers.toml").at("toolkit");
  for (const auto& [toolkit, row] : host_compilers.items()) CHECK_FALSE(known_to < version(toolkit));
  // Every release is of a minor one whose driver branch is known, or is newer than all branches.
  const auto branches = table("drivers.toml").at("branch");
  Version newest;
  std::set<std::string> spoken;
  for (const auto& [branch, values] : branches.items()) {
    spoken.insert(values.at("cuda").get<std::string>());
    if (newest < version(values.at("cuda"))) newest = version(values.at("cuda"));
  }
  for (const auto& minor : minors()) {
    CAPTURE(minor);
    CHECK((spoken.contains(minor) || newest < version(minor)));
  }
}

TEST_CASE("a branch compiles the PTX of its own toolkit, and every floor is a known branch", "[manifests]") {
  const auto drivers = table("drivers.toml");
  const auto ptx = table("ptx.toml").at("toolkit");
  for (const auto& [branch, values] : drivers.at("branch").items()) {
    CAPTURE(branch);
    const auto cuda = values.at("cuda").get<std::string>();
    if (ptx.contains(cuda)) CHECK(values.at("ptx") == ptx.at(cuda));
    else CHECK(cuda == "12.7");  // a branch without a toolkit
  }
  for (const auto& [major, floor] : drivers.at("minor-compatibility").items()) {
    const auto text = floor.get<std::string>();
    const auto branch = text.substr(0, text.find('.'));
    CAPTURE(major);
    REQUIRE(drivers.at("branch").contains(branch));
    CHECK(minor_of(version(drivers.at("branch").at(branch).at("cuda"))) == major + ".0");
  }
}

TEST_CASE("releases of one minor version rise in date and driver", "[manifests]") {
  const ToolkitFact* before = nullptr;
  for (const auto& fact : data().toolkits) {
    CAPTURE(std::string(to_text(fact.version).view()));
    if (before != nullptr && minor_of(before->version) == minor_of(fact.version)) {
      if (!before->date.empty() && !fact.date.empty()) CHECK(before->date <= fact.date);
      const auto older = pep440::parse(before->driver), newer = pep440::parse(fact.driver);
      if (older && newer) CHECK(pep440::compare(*older, *newer) <= 0);
    }
    before = &fact;
  }
}

TEST_CASE("every table names its source", "[manifests]") {
  for (const char* name : {"toolkits.toml", "drivers.toml", "ptx.toml", "sm.toml", "forward_compat.toml", "host_compilers.toml",
                           "sonames.toml", "gpus.toml"}) {
    CAPTURE(name);
    const auto text = fs::read_file(folder + "/" + name, 1U << 20);
    REQUIRE(text);
    CHECK_THAT(*text, ContainsSubstring("source: "));
  }
}

TEST_CASE("a package of forward compatibility is of a known release, and cells only grow", "[manifests]") {
  const auto packages = table("forward_compat.toml").at("package");
  const auto ptx = table("ptx.toml").at("toolkit");
  for (const auto& [package, cell] : packages.items()) {
    CAPTURE(package);
    CHECK(ptx.contains(package));
    int before = 0;
    for (const auto& base : cell.at("works")) {
      CHECK(base.get<int>() > before);
      before = base.get<int>();
    }
    if (cell.contains("same")) CHECK(cell.at("same").get<int>() > before);
  }
}

TEST_CASE("a manifest that is missing or contradicts itself is an error with its name", "[manifests]") {
  const auto none = load_catalog_data("/nonexistent");
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().what, ContainsSubstring("components.toml"));
}
