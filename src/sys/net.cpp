#include "sys/net.hpp"

#include <dlfcn.h>

#include <mutex>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv {

namespace {

using Entry = IoModule* (*)(const char* build);

/// dlopen's sentence for a missing dependency starts with the library's name: "libcurl.so.4: cannot open …".
std::string package_hint(std::string_view sentence) {
  if (sentence.find("libcurl") != std::string_view::npos) return "apt install libcurl4";
  if (sentence.find("libarchive") != std::string_view::npos) return "apt install libarchive13";
  if (sentence.find("libcrypto") != std::string_view::npos) return "apt install libssl3";
  return {};
}

Result<IoModule*> load(const std::string& path) {
  // Never unloaded: libcurl and OpenSSL register handlers that must outlive it.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* sentence = ::dlerror();
    const std::string cause = sentence == nullptr ? "dlopen failed" : printable(sentence, 400);
    return fail(Code::io, "cannot load `" + path + "`", cause, package_hint(cause));
  }
  // A function pointer out of dlsym: the cast that POSIX asks for.
  const auto entry = reinterpret_cast<Entry>(::dlsym(handle, "cudaenv_io_module_v1"));
  if (entry == nullptr) return fail(Code::io, "cannot load `" + path + "`", "it is not cudaenv's i/o module");
  IoModule* module = entry(io_module_build());
  if (module == nullptr)
    return fail(Code::io, "cannot load `" + path + "`", "it and this program are of different builds");
  return module;
}

}  // namespace

Result<IoModule*> load_io_module(const std::string& libexec) {
  // One per process whatever the folder: libcurl's global state allows no second.
  static std::mutex mutex;
  static IoModule* loaded = nullptr;
  const std::lock_guard guard(mutex);
  if (loaded == nullptr) loaded = TRY(load(fs::join(libexec, "cudaenv-io.so")));
  return loaded;
}

}  // namespace cudaenv
