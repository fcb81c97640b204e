#include "model/driver_json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "model/version.hpp"

namespace cudaenv {

namespace {

using nlohmann::json;

std::string tenths_text(int major, int minor) { return std::to_string(major) + "." + std::to_string(minor); }
json text_or_null(const std::string& value) { return value.empty() ? json() : json(value); }

json gpu_to_json(const GpuFacts& gpu) {
  return {{"index", gpu.index},
          {"uuid", gpu.uuid},
          {"name", gpu.name},
          {"compute_capability", tenths_text(gpu.cc_major, gpu.cc_minor)},
          {"memory_bytes", gpu.memory_bytes},
          {"mig", gpu.mig},
          {"bus_id", text_or_null(gpu.bus_id)}};
}

json nvml_gpu_to_json(const NvmlGpu& gpu) {
  auto instances = json::array();
  for (const auto& one : gpu.mig)
    instances.push_back({{"uuid", one.uuid}, {"gpu_instance", one.gpu_instance}, {"compute_instance", one.compute_instance}});
  return {{"uuid", gpu.uuid},
          {"name", gpu.name},
          {"bus_id", text_or_null(gpu.bus_id)},
          {"compute_capability", gpu.cc_major == 0 ? json() : json(tenths_text(gpu.cc_major, gpu.cc_minor))},
          {"memory_bytes", gpu.memory_bytes},
          {"mig_mode", gpu.mig_mode},
          {"mig", std::move(instances)},
          {"error", gpu.error}};
}

json nvml_to_json(const NvmlFacts& nvml) {
  if (!nvml.loaded) return nullptr;
  auto gpus = json::array();
  for (const auto& gpu : nvml.gpus) gpus.push_back(nvml_gpu_to_json(gpu));
  return {{"error", nvml.error}, {"driver", text_or_null(nvml.driver)}, {"gpus", std::move(gpus)}};
}

// Reads members of one object after the other and remembers the first one that is wrong.
class Reader {
 public:
  Reader(const json& object, std::string where, std::string& wrong) : object_(object), where_(std::move(where)), wrong_(wrong) {}

  /// A text or null, made safe to show.
  std::string text(const char* name, std::size_t max) {
    const auto* value = member(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) return blame(name), std::string();
    return printable(value->get_ref<const std::string&>(), max);
  }
  bool flag(const char* name) {
    const auto* value = member(name);
    if (value != nullptr && !value->is_boolean()) blame(name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  std::int64_t number(const char* name, std::int64_t low, std::int64_t high) {
    const auto* value = member(name);
    if (value == nullptr) return 0;
    const bool fits = value->is_number_integer() && (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX) &&
                      value->get<std::int64_t>() >= low && value->get<std::int64_t>() <= high;
    if (!fits) return blame(name), 0;
    return value->get<std::int64_t>();
  }
  /// "9.0": 9 and 0.
  std::pair<int, int> tenths(const char* name) {
    const auto value = text(name, 16);
    Version version;
    if (value.empty()) return {0, 0};
    if (parse_version(value, version) && version.count == 2 && !version.prerelease() && version.major() < 100 && version.minor() < 100)
      return {static_cast<int>(version.major()), static_cast<int>(version.minor())};
    return blame(name), std::pair{0, 0};
  }
  /// Calls `each(element, path)` for a list of at most `max`.
  template <class Each>
  void list(const char* name, std::size_t max, Each each) {
    const auto* value = member(name);
    if (value == nullptr) return;
    if (!value->is_array() || value->size() > max) return blame(name);
    for (std::size_t i = 0; i < value->size() && wrong_.empty(); ++i) each((*value)[i], path(name) + "[" + std::to_string(i) + "]");
  }
  const json* object(const char* name) {
    const auto* value = member(name);
    if (value != nullptr && !value->is_object() && !value->is_null()) return blame(name), nullptr;
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  void blame(const char* name) {
    if (wrong_.empty()) wrong_ = path(name);
  }

 private:
  [[nodiscard]] std::string path(const char* name) const { return where_.empty() ? name : where_ + "." + name; }
  const json* member(const char* name) {
    if (!object_.is_object()) {
      if (wrong_.empty()) wrong_ = where_;
      return nullptr;
    }
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  const json& object_;
  std::string where_;
  std::string& wrong_;
};

constexpr std::size_t most_gpus = 64, most_notes = 32;

LibcudaFacts::Kind kind_from(Reader& reader) {
  using Kind = LibcudaFacts::Kind;
  const auto name = reader.text("kind", 16);
  for (const auto kind : {Kind::genuine, Kind::stub, Kind::compat, Kind::wsl, Kind::missing})
    if (name == libcuda_kind_name(kind)) return kind;
  reader.blame("kind");
  return Kind::missing;
}

LibcudaFacts libcuda_from(const json& object, std::string& wrong) {
  Reader reader(object, "libcuda", wrong);
  LibcudaFacts libcuda;
  libcuda.path = reader.text("path", 1024);
  libcuda.file_version = reader.text("file_version", 32);
  const auto [major, minor] = reader.tenths("cuda");
  libcuda.cuda = major * 1000 + minor * 10;
  libcuda.init_error = static_cast<int>(reader.number("init_error", 0, 100'000));
  libcuda.kind = kind_from(reader);
  return libcuda;
}

GpuFacts gpu_from(const json& object, const std::string& where, std::string& wrong) {
  Reader reader(object, where, wrong);
  GpuFacts gpu;
  gpu.index = static_cast<int>(reader.number("index", 0, 63));
  gpu.uuid = reader.text("uuid", 64);
  gpu.name = reader.text("name", 128);
  std::tie(gpu.cc_major, gpu.cc_minor) = reader.tenths("compute_capability");
  if (gpu.cc_major == 0 || gpu.cc_minor > 9) reader.blame("compute_capability");
  gpu.memory_bytes = static_cast<std::uint64_t>(reader.number("memory_bytes", 0, INT64_MAX));
  gpu.mig = reader.flag("mig");
  gpu.bus_id = reader.text("bus_id", 32);
  return gpu;
}

NvmlGpu nvml_gpu_from(const json& object, const std::string& where, std::string& wrong) {
  Reader reader(object, where, wrong);
  NvmlGpu gpu;
  gpu.uuid = reader.text("uuid", 64);
  gpu.name = reader.text("name", 128);
  gpu.bus_id = reader.text("bus_id", 32);
  std::tie(gpu.cc_major, gpu.cc_minor) = reader.tenths("compute_capability");
  gpu.memory_bytes = static_cast<std::uint64_t>(reader.number("memory_bytes", 0, INT64_MAX));
  gpu.mig_mode = reader.flag("mig_mode");
  gpu.error = static_cast<int>(reader.number("error", 0, 100'000));
  reader.list("mig", 16, [&](const json& one, const std::string& place) {
    Reader instance(one, place, wrong);
    gpu.mig.push_back({instance.text("uuid", 64), static_cast<int>(instance.number("gpu_instance", -1, 1000)),
                       static_cast<int>(instance.number("compute_instance", -1, 1000))});
  });
  return gpu;
}

NvmlFacts nvml_from(const json& object, std::string& wrong) {
  Reader reader(object, "nvml", wrong);
  NvmlFacts nvml;
  nvml.loaded = true;
  nvml.error = static_cast<int>(reader.number("error", 0, 100'000));
  nvml.driver = reader.text("driver", 32);
  reader.list("gpus", most_gpus, [&](const json& one, const std::string& place) { nvml.gpus.push_back(nvml_gpu_from(one, place, wrong)); });
  return nvml;
}

}  // namespace

json driver_to_json(const DriverFacts& facts) {
  const auto& libcuda = facts.libcuda;
  auto gpus = json::array();
  for (const auto& gpu : facts.gpus) gpus.push_back(gpu_to_json(gpu));
  const auto cuda = libcuda.cuda == 0 ? json() : json(tenths_text(libcuda.cuda / 1000, libcuda.cuda % 1000 / 10));
  return {{"pretended", facts.pretended},
          {"pretended_by", text_or_null(facts.pretended_by)},
          {"kernel_module", text_or_null(facts.kernel_module)},
          {"libcuda",
           {{"path", text_or_null(libcuda.path)},
            {"file_version", text_or_null(libcuda.file_version)},
            {"cuda", cuda},
            {"init_error", libcuda.init_error},
            {"kind", libcuda_kind_name(libcuda.kind)}}},
          {"gpus", std::move(gpus)},
          {"nvml", nvml_to_json(facts.nvml)},
          {"container", text_or_null(facts.container)},
          {"jetson", text_or_null(facts.jetson)},
          {"wsl", facts.wsl},
          {"notes", facts.notes}};
}

bool driver_from_json(const json& object, DriverFacts& out, std::string& wrong) {
  wrong.clear();
  out = {};
  Reader reader(object, "", wrong);
  if (!object.is_object()) return wrong = "the whole", false;
  out.pretended = reader.flag("pretended");
  out.pretended_by = reader.text("pretended_by", 1024);
  out.kernel_module = reader.text("kernel_module", 32);
  if (const auto* libcuda = reader.object("libcuda")) out.libcuda = libcuda_from(*libcuda, wrong);
  else reader.blame("libcuda");
  if (!object.contains("gpus")) reader.blame("gpus");
  reader.list("gpus", most_gpus, [&](const json& one, const std::string& place) { out.gpus.push_back(gpu_from(one, place, wrong)); });
  if (const auto* nvml = reader.object("nvml")) out.nvml = nvml_from(*nvml, wrong);
  out.container = reader.text("container", 32);
  out.jetson = reader.text("jetson", 32);
  out.wsl = reader.flag("wsl");
  reader.list("notes", most_notes, [&](const json& one, const std::string& place) {
    if (!one.is_string()) wrong = place;
    else out.notes.push_back(printable(one.get_ref<const std::string&>(), 800));
  });
  return wrong.empty();
}

}  // namespace cudaenv
