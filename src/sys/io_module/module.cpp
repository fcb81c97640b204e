// The entry point of cudaenv-io.so.
#include <cstring>
#include <exception>

#include "sys/io_module/parts.hpp"

namespace cudaenv {

namespace {

class Module final : public IoModule {
 public:
  Module() : http_(make_http()) {}
  Http& http() override { return *http_; }
  std::unique_ptr<Sha256> sha256() override { return make_sha256(); }
  Result<std::unique_ptr<ArchiveReader>> open_archive(const std::string& path) override { return open_reader(path); }

 private:
  std::unique_ptr<Http> http_;
};

}  // namespace

}  // namespace cudaenv

/// Null when program and module are of different builds. The object lives as long as the process.
extern "C" __attribute__((visibility("default"))) cudaenv::IoModule* cudaenv_io_module_v1(const char* build) {
  if (build == nullptr || std::strcmp(build, cudaenv::io_module_build()) != 0) return nullptr;
  try {
    static cudaenv::Module module;
    return &module;
  } catch (const std::exception&) {
    return nullptr;
  }
}
