// What the kernel and the device nodes say about driver and GPUs: file reads only, no library of a driver.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cudaenv::verify {

struct KernelGpu {
  std::string uuid;  // "GPU-…", as /proc/driver/nvidia/gpus/*/information says; may be masked in containers
  std::string name;
};

struct MachineFacts {
  std::string kernel_module;         // "580.159.04"; empty: no NVIDIA module is loaded (or WSL)
  std::vector<KernelGpu> gpus;
  std::vector<std::string> devices;  // names in /dev: nvidia0, nvidiactl, nvidia-uvm, dxg
  bool wsl = false;                  // /dev/dxg: the driver is Windows'
  std::string container;             // "docker", "podman", "kubernetes", "apptainer", or empty
  std::string boot_id;

  /// Is there any sign of an NVIDIA driver in the kernel?
  [[nodiscard]] bool has_driver() const { return !kernel_module.empty() || wsl; }
  [[nodiscard]] bool has_device_nodes() const;
};

/// Reads below `root` ("" is the real one): tests hand in folders of their own.
[[nodiscard]] MachineFacts read_machine_facts(const std::string& root);

/// The version in the first line of /proc/driver/nvidia/version, whichever flavour of module wrote it.
[[nodiscard]] std::string parse_module_version(std::string_view text);

/// Compares dotted driver versions by number: negative, zero or positive. "580.9" < "580.82.07".
[[nodiscard]] int compare_drivers(std::string_view a, std::string_view b);

}  // namespace cudaenv::verify
