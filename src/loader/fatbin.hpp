// The GPU code in a file, from the headers of its fat binary containers: nothing is decompressed, no tool is run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::loader {

/// One piece of GPU code.
struct GpuCode {
  enum class Kind : std::uint8_t { ptx, sass, lto, other } kind = Kind::other;
  int arch = 0;         // 90
  char suffix = 0;      // 'a' architecture-specific, 'f' family-specific, 0 neither
  int ptx_isa = 0;      // 87 for PTX ISA 8.7; 0 for other kinds
  std::uint32_t container = 0;  // of the file, counted from 0
};

/// A file's GPU code, summed up. Counts are of *containers*: `90 in 397 of 397` is a build for 90, `89 in 1 of 397` is not.
struct GpuCodeSummary {
  std::uint32_t containers = 0;
  std::map<std::string, std::uint32_t> sass, lto;  // "90a" -> containers that have it
  std::map<std::string, std::uint32_t> ptx;        // "80" -> containers
  std::map<std::string, int> ptx_isa;              // "80" -> newest PTX ISA among them, 87
  std::uint32_t other = 0;                         // entries of kinds that are not known
};

/// Reads an ELF file (sections `.nv_fatbin` and `__nv_relfatbin`), a bare fat binary or a cubin. A file without GPU code
/// gives nothing; Code::integrity where a container or entry leaves its bounds. At most 4,000,000 entries.
/// Layout: verified on 79 libraries against cuobjdump 13.5 (shared STACKS.md, section 6).
[[nodiscard]] Result<std::vector<GpuCode>> read_gpu_code(const std::string& path);

[[nodiscard]] GpuCodeSummary sum_up(const std::vector<GpuCode>& code);
/// "90a".
[[nodiscard]] std::string arch_text(const GpuCode& code);

}  // namespace cudaenv::loader
