// inspect_tree: what a toolkit that is not ours consists of, told by its files.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "store/installed.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t header_max_bytes = 4 << 20;

// Where a toolkit may keep its headers and libraries: the runfile, wheels, conda, the distribution's packages.
constexpr std::array<std::string_view, 3> include_folders{"include", "targets/x86_64-linux/include",
                                                          "targets/sbsa-linux/include"};
constexpr std::array<std::string_view, 5> library_folders{"lib64", "lib", "targets/x86_64-linux/lib",
                                                          "targets/sbsa-linux/lib", "lib/x86_64-linux-gnu"};

struct Sign {
  std::string_view component;
  std::string_view file;  // below the tree; with a `lib` prefix: a library of any version in a library folder
  std::string_view key;   // its name in version.json
};
constexpr std::array<Sign, 31> signs{{{"cccl", "include/cccl/cuda/version", "cuda_cccl"},
                                      {"cccl", "include/cub/cub.cuh", "cuda_cccl"},
                                      {"crt", "include/crt/host_config.h", "cuda_nvcc"},
                                      {"cublas", "libcublas.so", "libcublas"},
                                      {"cudart", "libcudart.so", "cuda_cudart"},
                                      {"cudnn", "libcudnn.so", ""},
                                      {"cufft", "libcufft.so", "libcufft"},
                                      {"cufile", "libcufile.so", "libcufile"},
                                      {"cuobjdump", "bin/cuobjdump", "cuda_cuobjdump"},
                                      {"cupti", "libcupti.so", "cuda_cupti"},
                                      {"curand", "libcurand.so", "libcurand"},
                                      {"cusolver", "libcusolver.so", "libcusolver"},
                                      {"cusparse", "libcusparse.so", "libcusparse"},
                                      {"cusparselt", "libcusparseLt.so", ""},
                                      {"gdb", "bin/cuda-gdb", "cuda_gdb"},
                                      {"nccl", "libnccl.so", ""},
                                      {"npp", "libnppc.so", "libnpp"},
                                      {"nvcc", "bin/nvcc", "cuda_nvcc"},
                                      {"nvdisasm", "bin/nvdisasm", "cuda_nvdisasm"},
                                      {"nvfatbin", "libnvfatbin.so", "libnvfatbin"},
                                      {"nvjitlink", "libnvJitLink.so", "libnvjitlink"},
                                      {"nvjpeg", "libnvjpeg.so", "libnvjpeg"},
                                      {"nvml", "include/nvml.h", "cuda_nvml_dev"},
                                      {"nvprune", "bin/nvprune", "cuda_nvprune"},
                                      {"nvrtc", "libnvrtc.so", "cuda_nvrtc"},
                                      {"nvshmem", "libnvshmem_host.so", ""},
                                      {"nvtx", "include/nvtx3/nvToolsExt.h", "cuda_nvtx"},
                                      {"nvvm", "nvvm/bin/cicc", "cuda_nvcc"},
                                      {"nvvm", "libnvvm.so", "libnvvm"},
                                      {"profiler", "include/cuda_profiler_api.h", "cuda_profiler_api"},
                                      {"sanitizer", "bin/compute-sanitizer", "cuda_sanitizer_api"}}};

nlohmann::json read_version_file(const std::string& tree) {
  const auto text = fs::read_file(fs::join(tree, "version.json"), header_max_bytes);
  if (!text) return nullptr;
  return nlohmann::json::parse(*text, nullptr, false);
}

std::string version_in(const nlohmann::json& file, std::string_view key) {
  if (!file.is_object() || key.empty()) return {};
  const auto entry = file.find(std::string(key));
  if (entry == file.end() || !entry->is_object()) return {};
  const auto version = entry->find("version");
  return version != entry->end() && version->is_string() ? version->get<std::string>() : std::string{};
}

// `#define CUDART_VERSION 12040` -> 12.4
std::optional<Version> version_in_header(const std::string& path, std::string_view macro) {
  const auto text = fs::read_file(path, header_max_bytes);
  if (!text) return std::nullopt;
  const auto define = "#define " + std::string(macro) + " ";
  const auto at = text->find(define);
  if (at == std::string::npos) return std::nullopt;
  auto rest = trim(std::string_view(*text).substr(at + define.size()));
  rest = rest.substr(0, rest.find_first_not_of("0123456789"));
  const auto number = parse_u64(rest);
  if (!number || *number < 1000 || *number > 999'999) return std::nullopt;
  Version version;
  version.part = {static_cast<std::uint32_t>(*number / 1000), static_cast<std::uint32_t>(*number % 1000 / 10), 0, 0};
  version.count = 2;
  return version;
}

std::optional<Version> find_version(const std::string& tree, const nlohmann::json& file) {
  Version version;
  if (parse_version(version_in(file, "cuda"), version)) return version;
  for (const auto folder : include_folders) {
    const auto include = fs::join(tree, folder) + "/";
    if (auto found = version_in_header(include + "cuda_runtime_api.h", "CUDART_VERSION")) return found;
    if (auto found = version_in_header(include + "cuda.h", "CUDA_VERSION")) return found;
  }
  return std::nullopt;
}

// The path of the file that shows the component, relative to the tree, or empty.
std::string find_sign(const std::string& tree, const Sign& sign,
                      const std::vector<std::pair<std::string, std::vector<std::string>>>& libraries) {
  if (!sign.file.starts_with("lib") || sign.file.find('/') != std::string_view::npos) {
    if (fs::exists(fs::join(tree, sign.file))) return std::string(sign.file);
    constexpr std::string_view include = "include/";
    if (!sign.file.starts_with(include)) return {};
    for (const auto folder : include_folders)
      if (auto path = fs::join(folder, sign.file.substr(include.size())); fs::exists(fs::join(tree, path))) return path;
    return {};
  }
  for (const auto& [folder, names] : libraries)
    for (const auto& name : names)
      if (name.starts_with(sign.file) && (name.size() == sign.file.size() || name[sign.file.size()] == '.'))
        return fs::join(folder, name);
  return {};
}

// Tells one state of a foreign tree from another, for caches keyed by a toolkit's id.
std::string identity(const Receipt& receipt) {
  std::uint64_t h = 14695981039346656037ULL;
  const auto add = [&h](std::string_view text) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  };
  add(receipt.path);
  add(to_text(receipt.version).view());
  for (const auto& component : receipt.components) {
    const auto status = fs::status_of_target(fs::join(receipt.path, component.witness));
    if (status) add(fmt::format("\n{} {} {}", component.witness, status->size, status->mtime_ns));
  }
  return fmt::format("linked-{:016x}", h);
}

}  // namespace

Result<Receipt> inspect_tree(const std::string& path) {
  const auto tree = TRY_CTX(fs::real_path(path), "cannot find a CUDA toolkit at `" + path + "`");
  const auto file = read_version_file(tree);
  const auto version = find_version(tree, file);
  if (!version)
    return fail(Code::not_installed, "cannot find a CUDA toolkit at `" + path + "`",
                "it has neither version.json nor include/cuda_runtime_api.h nor include/cuda.h");
  std::vector<std::pair<std::string, std::vector<std::string>>> libraries;
  for (const auto folder : library_folders)
    if (auto names = fs::list(fs::join(tree, folder))) libraries.emplace_back(folder, std::move(*names));
  Receipt receipt;
  receipt.version = *version;
  receipt.channel = "linked";
  receipt.path = tree;
  receipt.linked = true;
  for (const auto& sign : signs) {
    if (!receipt.components.empty() && receipt.components.back().name == sign.component) continue;
    if (auto witness = find_sign(tree, sign, libraries); !witness.empty())
      receipt.components.push_back(
          {std::string(sign.component), {}, version_in(file, sign.key), {}, {}, std::move(witness)});
  }
  receipt.id = identity(receipt);
  return receipt;
}

}  // namespace cudaenv::store
