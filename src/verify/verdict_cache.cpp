#include "verify/verdict_cache.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "model/verdict_json.hpp"
#include "sys/fs.hpp"
#include "verify/probe_run.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::string_view proof_version = "2";  // raised when a proof or a sentence of the verdict changes
constexpr std::uint64_t max_bytes = 256 * 1024;
// Where the dynamic linker looks without being told, and where containers put the host's driver.
constexpr const char* default_folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
                                           "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"};

// What identifies a file's content without reading it.
std::string stamp(const std::string& path) {
  const auto status = fs::status_of_target(path);
  if (!status || status->type == fs::Type::missing) return "none";
  return fmt::format("{}:{}:{}:{}", status->device, status->inode, status->size, status->mtime_ns);
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// Set but empty hides every GPU, so presence counts too.
std::string variable(const Environment& env, const char* name) {
  const auto found = env.all().find(name);
  return found == env.all().end() ? fmt::format("{} unset\n", name) : fmt::format("{}={}\n", name, found->second);
}

// Which libcuda the dynamic linker would take now: a new one may lie before the one that was proven.
std::string linker_lines(const Environment& env) {
  std::string text = fmt::format("ld.so.cache={}\n", stamp("/etc/ld.so.cache"));
  const auto look = [&](const std::string& path) {
    if (const auto found = stamp(path); found != "none") text += fmt::format("{}={}\n", path, found);
  };
  look(env.get("CUDAENV_LIBCUDA").value_or(""));
  const auto path = env.get("LD_LIBRARY_PATH").value_or("");
  for (const auto folder : split(path, ':')) {
    if (folder.empty()) continue;
    look(std::string(folder));  // its time tells of any file that came or went
    look(fs::join(folder, "libcuda.so.1"));
  }
  for (const auto* folder : default_folders) look(std::string(folder) + "/libcuda.so.1");
  return text;
}

std::string environment_lines(const Environment& env, std::optional<int> device) {
  std::string text = fmt::format("device={}\n", device ? std::to_string(*device) : "all");
  for (const auto* name : driver_variables) text += variable(env, name);
  return text + variable(env, "CUDAENV_LIBCUDA");
}

std::string machine_lines(const MachineFacts& machine) {
  std::string text = fmt::format("boot={}\nmodule={}\ncontainer={}\nwsl={}\n", machine.boot_id, machine.kernel_module,
                                 machine.container, machine.wsl);
  for (const auto& gpu : machine.gpus) text += fmt::format("gpu={} {}\n", gpu.uuid, gpu.name);
  for (const auto& name : machine.devices) text += fmt::format("node={}\n", name);
  for (const auto& name : machine.closed_devices) text += fmt::format("closed={}\n", name);
  return text + fmt::format("caps={}\n", stamp("/dev/nvidia-caps"));  // MIG instances come and go there
}

// Managed trees never change under their id; a linked one may, and its folders' times tell.
std::string toolkit_lines(const Receipt& toolkit) {
  return fmt::format("toolkit={} {} {}\nlib={}\nlib64={}\nbin={}\ncompat={}\n", toolkit.id, to_text(toolkit.version).view(),
                     toolkit.path, stamp(toolkit.path + "/lib"), stamp(toolkit.path + "/lib64"),
                     stamp(toolkit.path + "/bin"), stamp(toolkit.path + "/compat/libcuda.so.1"));
}

}  // namespace

CacheKey cache_key(const World& world, const MachineFacts& machine, const Receipt& toolkit, std::optional<int> device) {
  const auto environment = environment_lines(world.env, device);
  CacheKey key;
  // The name leaves out boot and driver: a verdict that no longer holds is written over, not kept beside.
  key.file = fmt::format("{}/verdicts/{:016x}.json", world.paths.cache, fnv1a(toolkit.id + "\n" + toolkit.path + "\n" + environment));
  key.text = fmt::format("proof={} {} {}\n", proof_version, CUDAENV_VERSION, stamp(world.paths.libexec + "/cudaenv-probe")) +
             machine_lines(machine) + linker_lines(world.env) + toolkit_lines(toolkit) + environment;
  return key;
}

std::optional<Verdict> find_verdict(const CacheKey& key) {
  const auto content = fs::read_file(key.file, max_bytes);
  if (!content) return std::nullopt;
  const auto json = nlohmann::json::parse(*content, nullptr, false);
  if (!json.is_object() || json.value("key", nlohmann::json()) != nlohmann::json(key.text)) return std::nullopt;
  const auto libcuda = json.find("libcuda"), kept = json.find("libcuda_stamp"), verdict = json.find("verdict");
  if (libcuda == json.end() || !libcuda->is_string() || kept == json.end() || verdict == json.end()) return std::nullopt;
  if (!libcuda->get_ref<const std::string&>().empty() && *kept != nlohmann::json(stamp(libcuda->get<std::string>())))
    return std::nullopt;
  auto found = verdict_from_json(*verdict);
  if (found) found->cached = true;
  return found;
}

Result<void> keep_verdict(const CacheKey& key, const Verdict& verdict, const std::string& libcuda) {
  const nlohmann::json json{{"key", key.text},
                            {"libcuda", libcuda},
                            {"libcuda_stamp", libcuda.empty() ? "" : stamp(libcuda)},
                            {"verdict", verdict_to_json(verdict)}};
  TRY(fs::make_folders(fs::parent(key.file)));
  return fs::write_file_atomic(key.file, json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace cudaenv::verify
