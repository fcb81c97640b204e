#include "verify/visible_devices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cudaenv::verify {

namespace {

enum class Form { index, gpu, mig };

Form form_of(std::string_view entry) {
  if (entry.starts_with("MIG-")) return Form::mig;
  return entry.starts_with("GPU-") ? Form::gpu : Form::index;
}

// What one entry names, or why it names nothing.
struct Named {
  bool found = false;
  std::string uuid;
  std::string why;
};

Named nothing(std::string why) { return {false, "", std::move(why)}; }

std::string counted(const std::vector<NvmlGpu>& gpus) {
  if (gpus.size() == 1) return "names no GPU (there is one, 0)";
  return fmt::format("names no GPU (there are {}, 0 to {})", gpus.size(), gpus.size() - 1);
}

// The leading digits, as strtoul reads them; absent where there are none, or a minus before them.
std::optional<std::uint64_t> leading_number(std::string_view entry) {
  if (entry.starts_with('+')) entry.remove_prefix(1);
  const auto end = std::min(entry.find_first_not_of("0123456789"), entry.size());
  return end == 0 ? std::nullopt : parse_u64(entry.substr(0, end));
}

Named name_index(std::string_view entry, const std::vector<NvmlGpu>& gpus, bool same_order) {
  const auto index = leading_number(entry);
  if (!index) return nothing("is neither a number nor a UUID as `nvidia-smi -L` prints them");
  if (!gpus.empty() && *index >= gpus.size()) return nothing(counted(gpus));
  return {true, gpus.empty() || !same_order ? "" : gpus[static_cast<std::size_t>(*index)].uuid, ""};
}

Named one_of(const std::vector<std::string>& found, std::string_view kind) {
  if (found.size() == 1) return {true, found.front(), ""};
  return nothing(found.empty() ? fmt::format("names no {}: none here has such a UUID", kind)
                               : fmt::format("is cut too short: {} begin so", join(found, " and ")));
}

Named name_gpu(std::string_view entry, const std::vector<NvmlGpu>& gpus) {
  if (gpus.empty()) return {true, std::string(entry), ""};
  std::vector<std::string> found;
  for (const auto& gpu : gpus)
    if (lower(gpu.uuid).starts_with(lower(entry))) found.push_back(gpu.uuid);
  return one_of(found, "GPU");
}

// `MIG-GPU-<uuid>/<gi>/<ci>`, the names of drivers before 470.
Named name_old_instance(std::string_view entry, const std::vector<NvmlGpu>& gpus) {
  const auto parts = split(entry, '/');
  const auto gi = parts.size() == 3 ? parse_u64(parts[1]) : std::nullopt, ci = gi ? parse_u64(parts[2]) : std::nullopt;
  if (!ci) return nothing("is no MIG name of the old form, MIG-GPU-<uuid>/<GPU instance>/<compute instance>");
  if (gpus.empty()) return {true, std::string(entry), ""};
  const auto wanted = lower(parts[0].substr(4));
  for (const auto& gpu : gpus) {
    if (!lower(gpu.uuid).starts_with(wanted)) continue;
    if (!gpu.mig_mode) return nothing("names a GPU that is not in MIG mode");
    for (const auto& one : gpu.mig)
      if (one.gpu_instance == static_cast<int>(*gi) && one.compute_instance == static_cast<int>(*ci)) return {true, one.uuid, ""};
    return nothing("names an instance that this GPU does not have");
  }
  return nothing("names no GPU: none here has such a UUID");
}

Named name_instance(std::string_view entry, const std::vector<NvmlGpu>& gpus) {
  if (entry.starts_with("MIG-GPU-")) return name_old_instance(entry, gpus);
  if (gpus.empty()) return {true, std::string(entry), ""};
  std::vector<std::string> found;
  bool any_mode = false;
  for (const auto& gpu : gpus) {
    any_mode = any_mode || gpu.mig_mode;
    for (const auto& one : gpu.mig)
      if (lower(one.uuid).starts_with(lower(entry))) found.push_back(one.uuid);
  }
  if (!any_mode) return nothing("names a MIG instance, and no GPU here is in MIG mode");
  return one_of(found, "MIG instance");
}

Named name_entry(std::string_view entry, Form first, const std::vector<NvmlGpu>& gpus, bool same_order) {
  if (entry.empty()) return nothing("is empty");
  if (form_of(entry) != first) return nothing("is of another form than the first entry");
  switch (first) {
    case Form::index: return name_index(entry, gpus, same_order);
    case Form::gpu: return name_gpu(entry, gpus);
    case Form::mig: return name_instance(entry, gpus);
  }
  return nothing("");
}

// The same GPU twice: as text or, where it is known, by its UUID.
bool is_repeated(const VisibleDevices& visible, std::string_view entry, const Named& named) {
  const auto same = [&](const std::string& other) {
    const auto a = leading_number(other), b = leading_number(entry);
    return other == entry || (a && b && *a == *b);
  };
  return std::any_of(visible.entries.begin(), visible.entries.end(), same) ||
         (!named.uuid.empty() && std::find(visible.uuids.begin(), visible.uuids.end(), named.uuid) != visible.uuids.end());
}

void stop(VisibleDevices& visible, std::string_view entry, std::string why) {
  visible.bad = entry.empty() ? "an entry" : fmt::format("`{}`", printable(entry, 80));
  visible.why = std::move(why);
}

}  // namespace

VisibleDevices read_visible_devices(const std::optional<std::string>& value, const std::vector<NvmlGpu>& gpus, bool same_order) {
  VisibleDevices visible;
  if (!value) return visible;
  visible.set = true;
  visible.value = printable(*value, 200);
  const auto text = trim(*value);
  visible.on_purpose = text.empty() || text == "NoDevFiles" || trim(split(text, ',').front()) == "-1";
  if (visible.on_purpose) return visible;
  const auto entries = split(text, ',');
  const Form first = form_of(trim(entries.front()));
  for (const auto raw : entries) {
    const auto entry = trim(raw);
    if (entry == "-1" && !visible.entries.empty()) break;  // the documented way to end a list
    const auto named = name_entry(entry, first, gpus, same_order);
    if (!named.found) return stop(visible, entry, named.why), visible;
    if (is_repeated(visible, entry, named)) {
      stop(visible, entry, "comes twice");
      visible.entries.clear();
      visible.uuids.clear();
      return visible;
    }
    if (first == Form::mig && !visible.entries.empty())
      return stop(visible, entry, "is a second MIG instance, and a process sees one"), visible;
    visible.entries.emplace_back(entry);
    visible.uuids.push_back(named.uuid);
  }
  return visible;
}

std::string describe_visible(const VisibleDevices& visible) {
  if (visible.on_purpose) return fmt::format("CUDA_VISIBLE_DEVICES=`{}` hides every GPU", visible.value);
  if (!visible.wrong()) return {};
  const auto rest = visible.entries.empty() ? std::string("which hides every GPU")
                                            : fmt::format("which hides it and what follows: `{}` is left", join(visible.entries, ","));
  return fmt::format("CUDA_VISIBLE_DEVICES=`{}`: {} {}, {}", visible.value, visible.bad, visible.why, rest);
}

std::string working_visible(const std::vector<NvmlGpu>& gpus) {
  for (const auto& gpu : gpus)
    if (gpu.mig_mode && !gpu.mig.empty()) return "export CUDA_VISIBLE_DEVICES=" + gpu.mig.front().uuid;
  if (gpus.empty()) return "unset CUDA_VISIBLE_DEVICES";
  std::string all;
  for (std::size_t i = 0; i < gpus.size(); ++i) all += fmt::format("{}{}", i == 0 ? "" : ",", i);
  return "export CUDA_VISIBLE_DEVICES=" + all;
}

}  // namespace cudaenv::verify
