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

std::vector<std::string> read_devices(const std::string& root) {
  std::vector<std::string> devices;
  if (const auto names = fs::list(root + "/dev"))
    for (const auto& name : *names)
      if (name == "dxg" || name == "nvidiactl" || name == "nvidia-uvm" ||
          (name.starts_with("nvidia") && parse_u64(std::string_view(name).substr(6))))
        devices.push_back(name);
  return devices;
}

std::string find_container(const std::string& root) {
  if (fs::exists(root + "/.dockerenv")) return "docker";
  if (fs::exists(root + "/run/.containerenv")) return "podman";
  if (fs::exists(root + "/.singularity.d")) return "apptainer";
  if (fs::exists(root + "/var/run/secrets/kubernetes.io")) return "kubernetes";
  return {};
}

}  // namespace

bool MachineFacts::has_device_nodes() const {
  return std::any_of(devices.begin(), devices.end(), [](const std::string& name) {
    return name == "dxg" || parse_u64(std::string_view(name).substr(std::min<std::size_t>(6, name.size())));
  });
}

MachineFacts read_machine_facts(const std::string& root) {
  MachineFacts facts;
  facts.kernel_module = read_trimmed(root + "/sys/module/nvidia/version");
  if (!is_driver_version(facts.kernel_module))
    facts.kernel_module = parse_module_version(read_trimmed(root + "/proc/driver/nvidia/version"));
  facts.gpus = read_gpus(root);
  facts.devices = read_devices(root);
  facts.wsl = std::find(facts.devices.begin(), facts.devices.end(), "dxg") != facts.devices.end();
  facts.container = find_container(root);
  facts.boot_id = read_trimmed(root + "/proc/sys/kernel/random/boot_id");
  return facts;
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
