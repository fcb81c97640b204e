// CUDA_VISIBLE_DEVICES: which GPUs it leaves, and which entry hides the others. Pure.
//
// The rules, and where each comes from:
// - entries are indices, or UUIDs as `nvidia-smi -L` prints them, cut short as long as they are unique; an entry that
//   is none of a GPU hides itself and all that follow it (CUDA programming guide, "CUDA environment variables");
// - `MIG-<uuid>` names an instance from driver 470 on, `MIG-GPU-<uuid>/<gi>/<ci>` before; a process sees one instance
//   (MIG user guide, "Device enumeration");
// - with an entry that comes twice cuInit answers 101 (seen with driver 580.159.04);
// - what is not of the first entry's kind ends the list, and an index is read as strtoul reads it, so that `1gpu` is 1: not
//   documented; so does torch (pytorch/pytorch, torch/cuda/__init__.py).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/driver.hpp"

namespace cudaenv::verify {

struct VisibleDevices {
  bool set = false;
  std::string value;                // as it is set, safe to show
  bool on_purpose = false;          // empty, -1 or NoDevFiles: somebody wants no GPU
  std::vector<std::string> entries; // those that name a GPU, in their order
  std::vector<std::string> uuids;   // of the GPUs and instances that they name; "" for an index of an unknown GPU
  std::string bad;                  // "`7`": the entry that hides what follows
  std::string why;                  // "names no GPU (there are 2, 0 to 1)"

  /// Does it leave nothing, although GPUs are there?
  [[nodiscard]] bool hides_all() const { return set && entries.empty(); }
  [[nodiscard]] bool wrong() const { return !bad.empty(); }
};

/// `value` is absent where the variable is unset. `gpus` in NVML's order; an empty list: unknown, then only the form
/// can be judged. `same_order`: CUDA counts as NVML does (CUDA_DEVICE_ORDER=PCI_BUS_ID, or GPUs of one kind).
[[nodiscard]] VisibleDevices read_visible_devices(const std::optional<std::string>& value, const std::vector<NvmlGpu>& gpus,
                                                  bool same_order = true);

/// "CUDA_VISIBLE_DEVICES=`0,7`: `7` names no GPU (there are 2, 0 to 1), which hides it and what follows: `0` is left";
/// empty where nothing is hidden by mistake or wish.
[[nodiscard]] std::string describe_visible(const VisibleDevices& visible);
/// A command that sets a value that works here: "export CUDA_VISIBLE_DEVICES=0,1", or unsets it.
[[nodiscard]] std::string working_visible(const std::vector<NvmlGpu>& gpus);

}  // namespace cudaenv::verify
