#include "verify/driver_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cudaenv::verify {

namespace {

constexpr int nvml_no_permission = 4, nvml_version_mismatch = 18;

// Of one kind, CUDA and NVML count alike; of several, CUDA puts the fastest first unless told otherwise.
bool of_one_kind(const std::vector<NvmlGpu>& gpus) {
  return std::all_of(gpus.begin(), gpus.end(), [&](const NvmlGpu& gpu) { return gpu.name == gpus.front().name; });
}

void note_nvml(const MachineFacts& machine, const NvmlFacts& nvml, std::vector<std::string>& notes) {
  if (!nvml.loaded || nvml.error == 0) return;
  if (nvml.error == nvml_version_mismatch)
    notes.push_back(fmt::format("libnvidia-ml.so.1 is not of the running kernel module{} (NVML error 18): the driver's libraries "
                                "were upgraded and the old module is still loaded; restart the machine",
                                machine.kernel_module.empty() ? "" : " " + machine.kernel_module));
  else notes.push_back(fmt::format("NVML does not start (error {})", nvml.error));
}

void note_gpus(const NvmlFacts& nvml, std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < nvml.gpus.size(); ++i) {
    const auto& gpu = nvml.gpus[i];
    if (gpu.error == nvml_no_permission) notes.push_back(fmt::format("GPU {}: this user may not ask for it (NVML error 4)", i));
    else if (gpu.error != 0) notes.push_back(fmt::format("GPU {} does not answer (NVML error {}); `dmesg | grep -i xid` may say why", i, gpu.error));
    if (gpu.mig_mode && gpu.mig.empty())
      notes.push_back(fmt::format("GPU {} is in MIG mode and has no instance: `sudo nvidia-smi mig -i {} -cgi 0 -C` makes one of it, "
                                  "`sudo nvidia-smi -i {} -mig 0` ends the mode", i, i, i));
  }
}

void note_nodes(const MachineFacts& machine, std::vector<std::string>& notes) {
  std::vector<std::string> closed;
  for (const auto& name : machine.closed_devices) closed.push_back("/dev/" + name);
  if (!closed.empty())
    notes.push_back(fmt::format("this user may not open {}: `ls -l {}` shows whose they are (group `video` or `render`?)",
                                join(closed, ", "), closed.front()));
  if (machine.has_driver() && !machine.has_device_nodes())
    notes.push_back(machine.container.empty() ? "the driver is loaded, but there is no device node: `nvidia-modprobe -u -c=0` makes them"
                                              : "no device node is in this container: start it with `--gpus all`");
}

void note_wsl(const MachineFacts& machine, const LibcudaFacts& libcuda, std::vector<std::string>& notes) {
  if (!machine.wsl || libcuda.path.empty() || libcuda.path.starts_with("/usr/lib/wsl/")) return;
  notes.push_back(fmt::format("under WSL the driver is Windows' and its library is /usr/lib/wsl/lib/libcuda.so.1{}, but {} is loaded: "
                              "remove the Linux driver's package, or put /usr/lib/wsl/lib first",
                              machine.wsl_libcuda.empty() ? " (which is not there)" : "", libcuda.path));
}

void note_visible(const VisibleDevices& visible, const NvmlFacts& nvml, std::vector<std::string>& notes) {
  if (auto text = describe_visible(visible); !text.empty())
    notes.push_back(text + (visible.on_purpose ? "; `unset CUDA_VISIBLE_DEVICES`" : "; `" + working_visible(nvml.gpus) + "`"));
  else if (visible.set && visible.entries.size() < nvml.gpus.size())
    notes.push_back(fmt::format("CUDA_VISIBLE_DEVICES=`{}` leaves {} of {} GPUs", visible.value, visible.entries.size(), nvml.gpus.size()));
}

bool instance_is_visible(const DriverFacts& facts) {
  return std::any_of(facts.gpus.begin(), facts.gpus.end(), [](const GpuFacts& gpu) { return gpu.mig; });
}

}  // namespace

VisibleDevices visible_devices(const Environment& env, const NvmlFacts& nvml) {
  const auto found = env.all().find("CUDA_VISIBLE_DEVICES");
  const bool same_order = env.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" || of_one_kind(nvml.gpus);
  return read_visible_devices(found == env.all().end() ? std::nullopt : std::optional(found->second), nvml.gpus, same_order);
}

std::vector<std::string> driver_notes(const MachineFacts& machine, const DriverFacts& facts, const VisibleDevices& visible,
                                      const std::vector<std::string>& pci_gpus) {
  std::vector<std::string> notes;
  if (!machine.has_driver() && !pci_gpus.empty())
    notes.push_back(fmt::format("the PCI bus shows {} NVIDIA GPU{} ({}), but no kernel module is loaded: `sudo modprobe nvidia`, or "
                                "install the driver", pci_gpus.size(), pci_gpus.size() == 1 ? "" : "s", pci_gpus.front()));
  note_nodes(machine, notes);
  note_nvml(machine, facts.nvml, notes);
  note_gpus(facts.nvml, notes);
  note_visible(visible, facts.nvml, notes);
  note_wsl(machine, facts.libcuda, notes);
  if (!of_one_kind(facts.nvml.gpus))
    notes.emplace_back("GPUs of different kinds: CUDA counts the fastest first, NVML and nvidia-smi by PCI bus; "
                       "`export CUDA_DEVICE_ORDER=PCI_BUS_ID` makes them agree");
  // A process sees one instance of one GPU, and whole GPUs beside it not at all (MIG user guide, "Device enumeration").
  if (!visible.set && instance_is_visible(facts) && facts.nvml.gpus.size() > facts.gpus.size())
    notes.emplace_back("a GPU in MIG mode hides the others from CUDA: name one with CUDA_VISIBLE_DEVICES");
  else if (!visible.set && facts.libcuda.init_error == 0 && facts.gpus.size() < facts.nvml.gpus.size())
    notes.push_back(fmt::format("NVML names {} GPUs and CUDA shows {}: `dmesg | grep -i nvrm` may say what is wrong with the others",
                                facts.nvml.gpus.size(), facts.gpus.size()));
  return notes;
}

}  // namespace cudaenv::verify
