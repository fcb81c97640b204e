#include "verify/driver_view.hpp"

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "verify/facts_tables.hpp"
#include "verify/node_facts.hpp"

namespace cudaenv::verify {

namespace {

constexpr int error_stub = 34;

// A genuine libcuda bears the kernel module's version; a forward-compatibility one is newer and lies in a folder
// of its own; under WSL it is Windows' and bears none.
LibcudaFacts::Kind kind_of(const MachineFacts& machine, const LibcudaFacts& libcuda) {
  using Kind = LibcudaFacts::Kind;
  if (libcuda.path.empty()) return Kind::missing;
  if (libcuda.init_error == error_stub || libcuda.path.find("/stubs/") != std::string::npos) return Kind::stub;
  if (libcuda.path.starts_with("/usr/lib/wsl/")) return Kind::wsl;
  if (machine.wsl && machine.kernel_module.empty() && libcuda.file_version.empty()) return Kind::wsl;  // by a path of the user's own
  if (libcuda.path.find("compat") != std::string::npos) return Kind::compat;
  if (!machine.kernel_module.empty() && !libcuda.file_version.empty() &&
      compare_drivers(libcuda.file_version, machine.kernel_module) > 0)
    return Kind::compat;
  return Kind::genuine;
}

GpuFacts view_gpu(const ProbeReport& report, int index) {
  const auto prefix = "device." + std::to_string(index) + ".";
  GpuFacts gpu;
  gpu.index = index;
  gpu.uuid = printable(report.text(prefix + "uuid"), 64);
  gpu.name = printable(report.text(prefix + "name"), 128);
  const int cc = parse_tenths(report.text(prefix + "cc")).value_or(0);
  gpu.cc_major = cc / 10;
  gpu.cc_minor = cc % 10;
  gpu.memory_bytes = parse_u64(report.text(prefix + "memory")).value_or(0);
  gpu.mig = report.text(prefix + "mig") == "1";
  gpu.bus_id = printable(report.text(prefix + "bus"), 32);
  return gpu;
}

MigInstance view_instance(const ProbeReport& report, const std::string& prefix) {
  return {printable(report.text(prefix + "uuid"), 64), static_cast<int>(report.number(prefix + "gi").value_or(-1)),
          static_cast<int>(report.number(prefix + "ci").value_or(-1))};
}

NvmlGpu view_nvml_gpu(const ProbeReport& report, long index) {
  const auto prefix = "nvml." + std::to_string(index) + ".";
  NvmlGpu gpu;
  gpu.error = static_cast<int>(report.number(prefix + "error").value_or(0));
  gpu.uuid = printable(report.text(prefix + "uuid"), 64);
  gpu.name = printable(report.text(prefix + "name"), 128);
  gpu.bus_id = printable(report.text(prefix + "bus"), 32);
  const int cc = parse_tenths(report.text(prefix + "cc")).value_or(0);
  gpu.cc_major = cc / 10;
  gpu.cc_minor = cc % 10;
  gpu.memory_bytes = parse_u64(report.text(prefix + "memory")).value_or(0);
  gpu.mig_mode = report.text(prefix + "mig") == "1";
  for (int i = 0; i < 16; ++i)
    if (const auto one = prefix + "mig." + std::to_string(i) + "."; report.has(one + "uuid")) gpu.mig.push_back(view_instance(report, one));
  return gpu;
}

Error bad_variable(const char* name, const std::string& value, const char* example) {
  return make_error(Code::config, std::string("cannot use $") + name,
                    "`" + printable(value) + "` is not like `" + example + "`", std::string("unset ") + name);
}

}  // namespace

std::string libcuda_file_version(std::string_view path) {
  const auto name = fs::base_name(path);
  constexpr std::string_view head = "libcuda.so.";
  if (!name.starts_with(head)) return {};
  auto version = name.substr(head.size());
  return version.find('.') != std::string::npos && version.find_first_not_of("0123456789.") == std::string::npos ? version
                                                                                                                : "";
}

NvmlFacts view_nvml(const ProbeReport& report) {
  NvmlFacts nvml;
  nvml.loaded = report.has("nvml.init");
  nvml.error = static_cast<int>(report.number("nvml.init").value_or(0));
  nvml.driver = printable(report.text("nvml.version"), 32);
  for (long i = 0; i < report.number("nvml.count").value_or(0) && i < 64; ++i) nvml.gpus.push_back(view_nvml_gpu(report, i));
  return nvml;
}

DriverFacts view_driver(const MachineFacts& machine, const ProbeReport& report) {
  DriverFacts facts;
  facts.kernel_module = machine.kernel_module;
  facts.libcuda.path = printable(report.text("libcuda.path"), 1024);
  facts.libcuda.file_version = libcuda_file_version(facts.libcuda.path);
  facts.libcuda.cuda = static_cast<int>(report.number("cuda.version").value_or(0));
  facts.libcuda.init_error = static_cast<int>(report.number("cuda.init").value_or(0));
  facts.libcuda.kind = kind_of(machine, facts.libcuda);
  const auto count = report.number("device.count").value_or(0);
  for (int i = 0; i < count && i < 64; ++i)
    if (report.has("device." + std::to_string(i) + ".cc")) facts.gpus.push_back(view_gpu(report, i));
  facts.nvml = view_nvml(report);
  facts.container = machine.container;
  facts.jetson = machine.jetson;
  facts.wsl = machine.wsl;
  return facts;
}

Result<std::optional<DriverFacts>> pretended_driver(const World& world) {
  const auto driver = world.env.get("CUDAENV_DRIVER"), gpus = world.env.get("CUDAENV_GPU");
  if (const auto file = world.env.get("CUDAENV_FACTS")) {
    if (driver || gpus)
      return fail(Code::config, "cannot use $CUDAENV_FACTS", driver ? "$CUDAENV_DRIVER is set too" : "$CUDAENV_GPU is set too",
                  "unset CUDAENV_DRIVER CUDAENV_GPU");
    return TRY(read_node_facts(file->starts_with('/') ? *file : fs::join(world.cwd, *file)));
  }
  if (!driver && !gpus) return std::nullopt;
  if (!driver)
    return fail(Code::config, "cannot use $CUDAENV_GPU", "it pretends GPUs, but $CUDAENV_DRIVER pretends no driver",
                "export CUDAENV_DRIVER=13.0");
  DriverFacts facts;
  facts.pretended = true;
  facts.pretended_by = "CUDAENV_DRIVER";
  facts.libcuda.kind = LibcudaFacts::Kind::genuine;
  const auto cuda = parse_cuda(*driver);
  if (!cuda || driver->find('.') == std::string::npos) return fail(bad_variable("CUDAENV_DRIVER", *driver, "12.4"));
  facts.libcuda.cuda = *cuda;
  if (!gpus) return facts;
  for (const auto text : split(*gpus, ',')) {
    const auto cc = parse_tenths(trim(text));
    if (!cc) return fail(bad_variable("CUDAENV_GPU", *gpus, "9.0,8.6"));
    GpuFacts gpu;
    gpu.index = static_cast<int>(facts.gpus.size());
    gpu.name = "pretended GPU";
    gpu.cc_major = *cc / 10;
    gpu.cc_minor = *cc % 10;
    facts.gpus.push_back(gpu);
  }
  return facts;
}

}  // namespace cudaenv::verify
