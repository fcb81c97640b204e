#include "verify/machine_facts.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::uint64_t small_file = 64 * 1024;

std::string read_trimmed(const std::string& path) {
  const auto content = fs::read_file(path, small_file);
  return content ? std::string(trim(*content)) : std::string();
}

bool is_driver_version(std::string_view word) {
  return word.size() >= 5 && word.size() <= 20 && word.find('.') != std::string_view::npos && word.front() >= '1' &&
         word.front() <= '9' && word.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "GPU UUID: \t GPU-…" and "Model: \t\t NVIDIA H100 80GB HBM3".
KernelGpu parse_information(std::string_view text) {
  KernelGpu gpu;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto key = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
    if (key == "GPU UUID") gpu.uuid = printable(value, 64);
    if (key == "Model") gpu.name = printable(value, 128);
  }
  return gpu;
}

std::vector<KernelGpu> read_gpus(const std::string& root) {
  std::vector<KernelGpu> gpus;
  const auto folder = root + "/proc/driver/nvidia/gpus";
  const auto names = fs::list(folder);
  if (!names) return gpus;
  for (const auto& name : *names)
    if (const auto text = fs::read_file(fs::join(fs::join(folder, name), "information"), small_file))
      gpus.push_back(parse_information(*text));
  return gpus;
}

// The nodes that a CUDA program opens: of the module, of WSL, of Tegra's own GPU driver.
bool is_device_node(std::string_view name) {
  if (name == "dxg" || name == "nvidiactl" || name == "nvidia-uvm" || name == "nvhost-gpu" || name == "nvgpu" || name == "nvmap")
    return true;
  return name.starts_with("nvidia") && parse_u64(name.substr(6));
}

void read_devices(const std::string& root, MachineFacts& facts) {
  const auto folder = root + "/dev";
  const auto names = fs::list(folder);
  if (!names) return;
  for (const auto& name : *names) {
    if (name.starts_with("nvidia-nvswitch") && parse_u64(std::string_view(name).substr(15))) ++facts.nvswitches;
    if (!is_device_node(name)) continue;
    facts.devices.push_back(name);
    if (!fs::may_read_and_write(fs::join(folder, name))) facts.closed_devices.push_back(name);
  }
}

std::string find_container(const std::string& root) {
  if (fs::exists(root + "/.dockerenv")) return "docker";
  if (fs::exists(root + "/run/.containerenv")) return "podman";
  if (fs::exists(root + "/.singularity.d")) return "apptainer";
  if (fs::exists(root + "/var/run/secrets/kubernetes.io")) return "kubernetes";
  return printable(read_trimmed(root + "/run/systemd/container"), 32);
}

// A Tegra chip names itself in the device tree: "nvidia,p3737-0000+p3701-0005", NUL, "nvidia,tegra234", NUL.
std::string find_jetson(const std::string& root) {
  auto release = parse_tegra_release(read_trimmed(root + "/etc/nv_tegra_release"));
  if (!release.empty()) return release;
  const auto tree = fs::read_file(root + "/proc/device-tree/compatible", small_file);
  if (!tree) return {};
  for (const auto word : split(*tree, '\0'))
    if (word.starts_with("nvidia,tegra")) return printable(word.substr(7), 32);
  return {};
}

bool is_gpu_class(std::string_view text) { return text.starts_with("0x0300") || text.starts_with("0x0302"); }

}  // namespace

bool MachineFacts::has_device_nodes() const {
  return std::any_of(devices.begin(), devices.end(), [](const std::string& name) {
    return name == "dxg" || name == "nvhost-gpu" || name == "nvgpu" ||
           parse_u64(std::string_view(name).substr(std::min<std::size_t>(6, name.size())));
  });
}

MachineFacts read_machine_facts(const std::string& root) {
  MachineFacts facts;
  const auto version = read_trimmed(root + "/proc/driver/nvidia/version");
  facts.kernel_module = read_trimmed(root + "/sys/module/nvidia/version");
  if (!is_driver_version(facts.kernel_module)) facts.kernel_module = parse_module_version(version);
  facts.open_module = version.substr(0, version.find('\n')).find(" Open Kernel Module ") != std::string::npos;
  facts.gpus = read_gpus(root);
  read_devices(root, facts);
  facts.wsl = std::find(facts.devices.begin(), facts.devices.end(), "dxg") != facts.devices.end();
  if (constexpr const char* place = "/usr/lib/wsl/lib/libcuda.so.1"; facts.wsl && fs::exists(root + place)) facts.wsl_libcuda = place;
  facts.jetson = find_jetson(root);
  facts.container = find_container(root);
  facts.boot_id = read_trimmed(root + "/proc/sys/kernel/random/boot_id");
  return facts;
}

std::vector<std::string> read_pci_gpus(const std::string& root) {
  std::vector<std::string> gpus;
  const auto folder = root + "/sys/bus/pci/devices";
  const auto names = fs::list(folder);
  if (!names) return gpus;
  for (const auto& name : *names) {
    const auto device = fs::join(folder, name);
    if (read_trimmed(device + "/vendor") != "0x10de" || !is_gpu_class(read_trimmed(device + "/class"))) continue;
    const auto number = read_trimmed(device + "/device");
    gpus.push_back(printable(name, 32) + " 10de:" + printable(number.substr(std::min<std::size_t>(2, number.size())), 8));
  }
  return gpus;
}

std::string parse_tegra_release(std::string_view text) {
  constexpr std::string_view head = "# R", revision = "REVISION: ";
  const auto line = text.substr(0, text.find('\n'));
  const auto at = line.find(revision);
  if (!line.starts_with(head) || at == std::string_view::npos) return {};
  const auto digits = [](std::string_view from) { return from.substr(0, from.find_first_not_of("0123456789.")); };
  const auto major = digits(line.substr(head.size())), minor = digits(line.substr(at + revision.size()));
  if (major.empty() || minor.empty() || major.size() > 8 || minor.size() > 8) return {};
  return "R" + std::string(major) + "." + std::string(minor);
}

std::string parse_module_version(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  if (!line.starts_with("NVRM version:")) return {};
  for (const auto word : split(line, ' '))
    if (is_driver_version(trim(word))) return std::string(trim(word));
  return {};
}

int compare_drivers(std::string_view a, std::string_view b) {
  const auto left = split(a, '.'), right = split(b, '.');
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const auto x = i < left.size() ? parse_u64(left[i]).value_or(0) : 0;
    const auto y = i < right.size() ? parse_u64(right[i]).value_or(0) : 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

}  // namespace cudaenv::verify
