// Images by the toolkit's own NVRTC.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "probe/image.hpp"
#include "probe/kernel_text.hpp"
#include "probe/record.hpp"
#include "probe/symbol.hpp"
#include "probe/toolkit_files.hpp"

namespace cudaenv::probe {

namespace {

bool find_calls(void* library, NvrtcApi& api) {
  find_symbol(library, "nvrtcGetNumSupportedArchs", api.arch_count);
  find_symbol(library, "nvrtcGetSupportedArchs", api.archs);
  find_symbol(library, "nvrtcGetCUBINSize", api.cubin_size);
  find_symbol(library, "nvrtcGetCUBIN", api.cubin);
  return find_symbol(library, "nvrtcVersion", api.version) && find_symbol(library, "nvrtcCreateProgram", api.create) &&
         find_symbol(library, "nvrtcCompileProgram", api.compile) && find_symbol(library, "nvrtcGetProgramLogSize", api.log_size) &&
         find_symbol(library, "nvrtcGetProgramLog", api.log) && find_symbol(library, "nvrtcGetPTXSize", api.ptx_size) &&
         find_symbol(library, "nvrtcGetPTX", api.ptx);
}

void take_log(const NvrtcApi& api, Program program, int result, Image& image) {
  std::size_t size = 0;
  char* text = nullptr;
  if (api.log_size(program, &size) == 0 && size > 1 && size < (1U << 20U) &&
      (text = static_cast<char*>(std::calloc(size + 1, 1))) != nullptr && api.log(program, text) == 0)
    std::snprintf(image.error, sizeof image.error, "NVRTC error %d: %.400s", result, text);
  else
    std::snprintf(image.error, sizeof image.error, "NVRTC error %d", result);
  std::free(text);
}

void take_image(int (*size_of)(Program, std::size_t*), int (*bytes_of)(Program, char*), Program program, Image& image) {
  if (size_of == nullptr || bytes_of == nullptr || size_of(program, &image.size) != 0 || image.size == 0) {
    std::snprintf(image.error, sizeof image.error, "NVRTC gives no image");
    return;
  }
  image.bytes = static_cast<char*>(std::calloc(image.size + 1, 1));
  if (image.bytes == nullptr || bytes_of(program, image.bytes) != 0)
    std::snprintf(image.error, sizeof image.error, "NVRTC does not hand over its image");
}

// NVRTC opens its builtins by name: loaded first by path, another toolkit's folder in LD_LIBRARY_PATH cannot
// put its own in the way.
void load_builtins(const char* toolkit) {
  const Path builtins = find_library(toolkit, "libnvrtc-builtins.so");
  if (!builtins.empty()) dlopen(builtins.text, RTLD_NOW | RTLD_LOCAL);
}

void record_version(const NvrtcApi& api) {
  int major = 0, minor = 0;
  char text[32];
  if (api.version(&major, &minor) != 0) return;
  std::snprintf(text, sizeof text, "%d.%d", major, minor);
  record("nvrtc.version", text);
}

// "75,80,86": what the tables may not know of a release that is newer than they.
void record_archs(const NvrtcApi& api) {
  int count = 0, archs[64] = {};
  if (api.arch_count == nullptr || api.archs == nullptr || api.arch_count(&count) != 0 || count <= 0 || count > 64 || api.archs(archs) != 0)
    return;
  char text[512] = {};
  for (int i = 0, size = 0; i < count && size < 500; ++i)
    size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), "%s%d", i == 0 ? "" : ",", archs[i]);
  record("nvrtc.archs", text);
}

}  // namespace

void Compiler::prepare(const Options& options) {
  options_ = &options;
  const Path path = find_library(options.toolkit, "libnvrtc.so");
  if (path.empty()) return;
  const double start = now_ms();
  record("nvrtc.path", path.text);
  load_builtins(options.toolkit);
  nvrtc_ = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
  if (nvrtc_ == nullptr) {
    const char* reason = dlerror();
    std::snprintf(nvrtc_error_, sizeof nvrtc_error_, "%.500s", reason != nullptr ? reason : "dlopen failed");
  } else if (!find_calls(nvrtc_, api_)) {
    std::snprintf(nvrtc_error_, sizeof nvrtc_error_, "NVRTC lacks a call of its API");
  } else {
    record_version(api_);
    record_archs(api_);
  }
  record_elapsed("ms.load_nvrtc", start);
}

int Compiler::target_for(Kind kind, int cc) const {
  if ((kind == Kind::sass ? options_->cubin : options_->ptx_file) != nullptr) return cc;
  int count = 0, archs[64] = {};
  if (api_.arch_count != nullptr && api_.archs != nullptr && api_.arch_count(&count) == 0 && count > 0 && count <= 64 &&
      api_.archs(archs) == 0)
    return choose_target(archs, count, kind, cc);
  return choose_target(options_->archs, kind, cc);
}

Image Compiler::compile(Kind kind, int cc, int target) const {
  Image image;
  const char* file = kind == Kind::sass ? options_->cubin : options_->ptx_file;
  if (file != nullptr) {
    std::snprintf(image.way, sizeof image.way, "file");
    read_image(file, image);
    return image;
  }
  // NVRTC of 11.0 makes PTX only.
  const bool no_cubin = kind == Kind::sass && nvrtc_ != nullptr && nvrtc_error_[0] == '\0' && api_.cubin == nullptr;
  if (no_cubin || (nvrtc_ == nullptr && nvrtc_error_[0] == '\0')) return by_tools(*options_, kind, cc, target);
  if (nvrtc_error_[0] == '\0' && target != 0) return by_nvrtc(kind, target);
  const char* form = kind == Kind::sass ? "sm" : "compute";
  std::snprintf(image.way, sizeof image.way, "nvrtc");
  if (nvrtc_error_[0] != '\0') std::snprintf(image.error, sizeof image.error, "%s", nvrtc_error_);
  else std::snprintf(image.error, sizeof image.error, "no-target: this toolkit has no %s target for %s_%d", form, form, cc);
  return image;
}

Image Compiler::by_nvrtc(Kind kind, int target) const {
  Image image;
  const NvrtcApi& api = api_;
  std::snprintf(image.way, sizeof image.way, "nvrtc");
  std::snprintf(image.target, sizeof image.target, "%s_%d", kind == Kind::sass ? "sm" : "compute", target);
  char text[1024], option[48];
  write_cuda_text(text, sizeof text, options_->nonce, salt_of(options_->nonce).text);
  std::snprintf(option, sizeof option, "--gpu-architecture=%s", image.target);
  const char* arguments[] = {option};
  const double start = now_ms();
  Program program = nullptr;
  int result = api.create(&program, text, "cudaenv_probe.cu", 0, nullptr, nullptr);
  if (result == 0) result = api.compile(program, 1, arguments);
  if (result != 0) {
    take_log(api, program, result, image);
  } else if (kind == Kind::sass) {
    take_image(api.cubin_size, api.cubin, program, image);
  } else {
    take_image(api.ptx_size, api.ptx, program, image);
  }
  image.ms = now_ms() - start;
  return image;
}

}  // namespace cudaenv::probe
