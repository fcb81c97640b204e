// What the machine's dynamic linker searches, as it says itself. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cudaenv::loader {

struct LinkerFacts {
  std::vector<std::string> hwcaps;          // "x86-64-v3": below glibc-hwcaps/ of every folder searched, best first
  std::vector<std::string> legacy;          // "tls/x86_64": subfolders of glibc before 2.37, in the order of the search
  std::vector<std::string> system_folders;  // "/lib/x86_64-linux-gnu", searched last
  std::string lib = "lib64";                // what $LIB stands for
  std::string platform;                     // what $PLATFORM stands for
  std::uint16_t machine = 62;               // e_machine of what can be loaded
};

/// Reads what `ld.so --help` prints (glibc 2.33 and later). What is not there stays as a plain x86-64 has it.
[[nodiscard]] LinkerFacts parse_linker_help(std::string_view text);

/// Where this kind of machine keeps its dynamic linker, e.g. "/lib64/ld-linux-x86-64.so.2".
[[nodiscard]] std::string linker_path();

}  // namespace cudaenv::loader
