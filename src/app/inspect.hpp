// What is in a binary: the GPU code it carries and the libraries it needs, from its bytes alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::app {

struct BinaryReport {
  std::string path;
  std::string soname;
  std::vector<std::string> needs;  // every DT_NEEDED, in order
  std::uint32_t containers = 0;    // fat binaries
  /// "90a" -> in how many containers. One that is in few of them is no build for that architecture.
  std::map<std::string, std::uint32_t> sass, ptx, lto;
  std::map<std::string, int> ptx_isa;  // "80" -> newest PTX ISA, 87
  [[nodiscard]] bool has_gpu_code() const { return containers > 0; }
};

/// A binary that could not be read, and why.
struct Unreadable {
  std::string path, why;
};

struct Inspection {
  std::vector<BinaryReport> files;
  std::vector<Unreadable> unreadable;
};

/// An ELF file, a cubin or a fat binary. Code::integrity where it is none of them or lies about itself.
[[nodiscard]] Result<BinaryReport> inspect_file(const std::string& path);

/// A file, or every `*.so*` below a folder that has GPU code, by path; a virtual environment is such a folder. Files
/// below a folder that cannot be read are told apart, never an error.
[[nodiscard]] Result<Inspection> inspect(const std::string& path);

}  // namespace cudaenv::app
