#include "store/remove.hpp"

#include "store/installed.hpp"
#include "store/shims.hpp"
#include "unit/store_fixture.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

namespace {

constexpr auto wheels = ChannelKind::wheels;
const Files nvcc{{"nvidia/cu13/bin/nvcc", "#!/bin/sh\n"}, {"nvidia/cu13/nvvm/bin/cicc", "#!/bin/sh\n"}};
const Files library{{"nvidia/cu13/lib/liba.so.13", "0123456789"}};

Receipt install(const TestRoot& root, const std::string& version, const std::vector<Artifact>& artifacts) {
  return value(compose(root.layout, artifacts, version_of(version), "wheels", test_hash())).receipt;
}

std::vector<std::string> shown(const std::vector<Removal>& removals) {
  std::vector<std::string> out;
  for (const auto& removal : removals) out.push_back(removal.shown.substr(0, removal.shown.find(' ')));
  return out;
}

}  // namespace

TEST_CASE("uninstall removes a toolkit and the components that only it used", "[store]") {
  const TestRoot root;
  const auto shared = root.add(wheels, "a", "13", library), own = root.add(wheels, "nvcc", "13.0.88", nvcc);
  const auto first = install(root, "13.0.2", {shared, own});
  const auto second = install(root, "13.0.1", {shared});
  const auto removed = value(uninstall(root.layout, first, false, root.folder() + "/no-proc"));
  CHECK(shown(removed) == std::vector<std::string>{"13.0.2", "component"});
  CHECK(removed[1].path == root.layout.component(own.sha256));
  CHECK_FALSE(fs::exists(first.path));
  CHECK(has_component(root.layout, shared));
  CHECK_FALSE(has_component(root.layout, own));
  const auto installed = value(read_installed(root.layout));
  REQUIRE(installed.toolkits.size() == 1);
  CHECK(installed.toolkits[0].id == second.id);
  CHECK(value(fs::list(root.layout.tmp())).empty());
}

TEST_CASE("uninstall refuses while a process has its files mapped, and says which", "[store]") {
  const TestRoot root;
  const auto toolkit = install(root, "13.0.2", {root.add(wheels, "a", "13", library)});
  const auto proc = root.folder() + "/proc";
  root.write(proc, {{"4711/maps", "7f00-7f01 r-xp 00000000 08:01 123  " + toolkit.path + "/lib/liba.so.13\n"},
                    {"4711/exe", "-> /opt/program"},
                    {"4712/maps", "7f00-7f01 r-xp 00000000 08:01 123  " + toolkit.path + "x/lib/liba.so.13\n"},
                    {"self/maps", "7f00-7f01 r-xp 00000000 08:01 123  " + toolkit.path + "/lib/liba.so.13\n"}});
  const auto users = users_of(toolkit.path, proc);
  REQUIRE(users.size() == 1);
  CHECK(users[0].pid == 4711);
  CHECK(users[0].program == "/opt/program");
  const auto refused = uninstall(root.layout, toolkit, false, proc);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::locked);
  CHECK(refused.error().causes.front() == "process 4711 (/opt/program) uses it");
  CHECK(refused.error().hint == "cudaenv uninstall --force 13.0.2");
  CHECK(fs::exists(toolkit.path));
  value(uninstall(root.layout, toolkit, true, proc));
  CHECK_FALSE(fs::exists(toolkit.path));
}

TEST_CASE("prune takes what nothing refers to, and only says so under dry run", "[store]") {
  const TestRoot root;
  const auto a = root.add(wheels, "a", "13", library), n = root.add(wheels, "nvcc", "13.0.88", nvcc);
  const auto orphan = root.add(wheels, "orphan", "1", {{"nvidia/x/lib/liborphan.so.1", "12345"}});
  const auto old = install(root, "13.0.2", {a});
  const auto now = install(root, "13.0.2", {a, n});  // a component was added: the old one has no name any more
  (void)root.staged({{"half", "x"}});
  root.write(root.folder() + "/cache", {{"downloads/abc", "1234567"}, {"index/x", "1"}});
  PruneOptions options{.dry_run = true, .downloads = true, .cache = root.folder() + "/cache", .proc = root.folder()};
  const auto would = value(prune(root.layout, options));
  REQUIRE(would.size() == 4);
  CHECK(would[0].path == old.path);
  CHECK(would[1].path == root.layout.component(orphan.sha256));
  CHECK(would[1].bytes >= 5);
  CHECK(would[3].bytes == 7);
  CHECK(fs::exists(old.path));
  options.dry_run = false;
  CHECK(value(prune(root.layout, options)).size() == 4);
  CHECK_FALSE(fs::exists(old.path));
  CHECK(fs::exists(now.path));
  CHECK(has_component(root.layout, a));
  CHECK_FALSE(fs::exists(root.layout.component(orphan.sha256)));
  CHECK(fs::exists(root.folder() + "/cache/index/x"));
  CHECK(value(prune(root.layout, options)).empty());
}

TEST_CASE("while a receipt cannot be read, no component counts as unused", "[store]") {
  const TestRoot root;
  const auto toolkit = install(root, "13.0.2", {root.add(wheels, "a", "13", library)});
  value(fs::set_mode(toolkit.path, 0755));
  value(fs::write_file_atomic(Layout::receipt(toolkit.path), "torn"));
  PruneOptions options;
  options.proc = root.folder();
  CHECK(value(prune(root.layout, options)).empty());
  CHECK(value(fs::list(root.layout.store())).size() == 1);
}

TEST_CASE("a tool gets its shim when a toolkit brings it, and keeps it", "[store]") {
  const TestRoot root;
  const auto shim = root.folder() + "/cudaenv-shim";
  value(fs::write_new_file(shim, "program 1", 0755));
  const std::vector<std::string> tools{"nvcc", "cicc", "ptxas", "../evil", ".hidden", ""};
  CHECK(value(refresh_shims(root.layout, tools, shim, "/opt/cudaenv")).added.empty());
  const auto toolkit = install(root, "13.0.2", {root.add(wheels, "nvcc", "13.0.88", nvcc)});
  CHECK(value(refresh_shims(root.layout, tools, shim, "/opt/cudaenv")).added == std::vector<std::string>{"cicc", "nvcc"});
  CHECK(value(fs::list(root.layout.shims())) == std::vector<std::string>{"cicc", "nvcc"});
  CHECK(value(fs::read_file(root.layout.shims() + "/nvcc", 100)) == "program 1");
  CHECK(value(fs::status_of_target(root.layout.shims() + "/nvcc")).mode == 0755);
  CHECK(value(fs::read_link(root.layout.libexec() + "/cudaenv")) == "/opt/cudaenv");

  const auto before = value(fs::status(root.layout.shims() + "/nvcc")).inode;
  value(fs::remove_file(shim));
  value(fs::write_new_file(shim, "program 2", 0755));
  value(uninstall(root.layout, toolkit, true, root.folder()));
  const auto change = value(refresh_shims(root.layout, tools, shim, "/opt/cudaenv"));
  CHECK(change.added.empty());
  CHECK(change.kept == std::vector<std::string>{"cicc", "nvcc"});
  CHECK(value(fs::read_file(root.layout.shims() + "/nvcc", 100)) == "program 2");
  CHECK(value(fs::status(root.layout.shims() + "/nvcc")).inode == before);
}
