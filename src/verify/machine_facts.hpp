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
  std::string kernel_module;         // "580.159.04"; empty: no NVIDIA module is loaded (or WSL, or Jetson)
  bool open_module = false;          // the open flavour of the kernel module
  std::vector<KernelGpu> gpus;
  std::vector<std::string> devices;  // names in /dev: nvidia0, nvidiactl, nvidia-uvm, dxg, nvhost-gpu
  std::vector<std::string> closed_devices;  // those of them that this user may not open
  int nvswitches = 0;                // NVSwitch nodes: such a machine needs the fabric manager
  bool wsl = false;                  // /dev/dxg: the driver is Windows'
  std::string wsl_libcuda;           // the library that WSL itself puts there, where it does
  std::string jetson;                // "R36.4.3" or, without a release file, "tegra234"
  std::string container;             // "docker", "podman", "kubernetes", "apptainer", "lxc", or empty
  std::string boot_id;

  /// Is there any sign of an NVIDIA driver in the kernel?
  [[nodiscard]] bool has_driver() const { return !kernel_module.empty() || wsl || !jetson.empty(); }
  [[nodiscard]] bool has_device_nodes() const;
};

/// Reads below `root` ("" is the real one): tests hand in folders of their own.
[[nodiscard]] MachineFacts read_machine_facts(const std::string& root);

/// NVIDIA GPUs that the PCI bus shows, as "0000:3b:00.0 10de:2330", with or without a driver. Reads two or three
/// files for each device of the machine: not for commands that answer at once.
[[nodiscard]] std::vector<std::string> read_pci_gpus(const std::string& root);

/// "R36.4.3" of /etc/nv_tegra_release ("# R36 (release), REVISION: 4.3, …"); empty for anything else.
[[nodiscard]] std::string parse_tegra_release(std::string_view text);

/// The version in the first line of /proc/driver/nvidia/version, whichever flavour of module wrote it.
[[nodiscard]] std::string parse_module_version(std::string_view text);

/// Compares dotted driver versions by number: negative, zero or positive. "580.9" < "580.82.07".
[[nodiscard]] int compare_drivers(std::string_view a, std::string_view b);

}  // namespace cudaenv::verify
