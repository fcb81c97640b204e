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

using Program = void*;

struct NvrtcApi {
  int (*version)(int*, int*) = nullptr;
  int (*arch_count)(int*) = nullptr;  // from 11.2
  int (*archs)(int*) = nullptr;
  int (*create)(Program*, const char* text, const char* name, int headers, const char* const*, const char* const*) = nullptr;
  int (*compile)(Program, int count, const char* const* options) = nullptr;
  int (*log_size)(Program, std::size_t*) = nullptr;
  int (*log)(Program, char*) = nullptr;
  int (*cubin_size)(Program, std::size_t*) = nullptr;  // from 11.1
  int (*cubin)(Program, char*) = nullptr;
  int (*ptx_size)(Program, std::size_t*) = nullptr;
  int (*ptx)(Program, char*) = nullptr;
};

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

int target_for(const NvrtcApi& api, const char* known, Kind kind, int cc) {
  int count = 0, archs[64] = {};
  if (api.arch_count != nullptr && api.archs != nullptr && api.arch_count(&count) == 0 && count > 0 && count <= 64 &&
      api.archs(archs) == 0)
    return choose_target(archs, count, kind, cc);
  return choose_target(known, kind, cc);
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
  }
  record_elapsed("ms.load_nvrtc", start);
}

Image Compiler::compile(Kind kind, int cc) const {
  Image image;
  const char* file = kind == Kind::sass ? options_->cubin : options_->ptx_file;
  if (file != nullptr) {
    std::snprintf(image.way, sizeof image.way, "file");
    read_image(file, image);
    return image;
  }
  if (nvrtc_ != nullptr) return by_nvrtc(kind, cc);
  if (nvrtc_error_[0] == '\0') return by_tools(*options_, kind, cc);
  std::snprintf(image.way, sizeof image.way, "nvrtc");
  std::snprintf(image.error, sizeof image.error, "%s", nvrtc_error_);
  return image;
}

Image Compiler::by_nvrtc(Kind kind, int cc) const {
  Image image;
  std::snprintf(image.way, sizeof image.way, "nvrtc");
  NvrtcApi api;
  if (!find_calls(nvrtc_, api)) {
    std::snprintf(image.error, sizeof image.error, "NVRTC lacks a call of its API");
    return image;
  }
  const int target = target_for(api, options_->archs, kind, cc);
  const char* form = kind == Kind::sass ? "sm" : "compute";
  if (target == 0) {
    std::snprintf(image.error, sizeof image.error, "no-target: this toolkit has no %s target for %s_%d", form, form, cc);
    return image;
  }
  std::snprintf(image.target, sizeof image.target, "%s_%d", form, target);
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
