// What the dynamic linker wants to know of an object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loader/elf_file.hpp"

namespace cudaenv::loader {

/// Symbol versions that an object wants of one of its libraries.
struct VersionNeed {
  std::string file;  // a SONAME
  std::vector<std::string> versions;
};

struct ElfObject {
  std::string path;  // as it was opened
  std::uint16_t machine = 0, type = 0;
  std::string interpreter;  // PT_INTERP; empty for libraries and static programs
  bool dynamic = false;     // has a dynamic section at all
  std::string soname;
  std::vector<std::string> needed;  // in order
  /// DT_RPATH and DT_RUNPATH as written, colon-separated. Present but empty is not the same as absent.
  std::optional<std::string> rpath, runpath;
  bool no_default_folders = false;  // DF_1_NODEFLIB
  std::vector<VersionNeed> version_needs;
  std::vector<std::string> version_definitions;
};

/// Code::integrity where the file is no 64-bit little-endian ELF file, or what it says of itself makes no sense. At
/// most 1,024 needed names and 4,096 versions are read.
[[nodiscard]] Result<ElfObject> read_object(const ElfFile& file);
[[nodiscard]] Result<ElfObject> read_object(const std::string& path);

}  // namespace cudaenv::loader
