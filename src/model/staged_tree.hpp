// What an archive became on the disk, before the store takes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cudaenv {

struct StagedEntry {
  enum class Type : std::uint8_t { file, folder, link } type = Type::file;
  std::string path;         // relative to the tree, clean: no `..`, no empty component
  std::uint32_t mode = 0;   // 0644 or 0755; folders 0755; 0 for links
  std::uint64_t size = 0;   // of a file
  std::string target;       // of a link: relative, stays in the tree
};

/// `entries` are sorted by path and hold every folder, also those that the archive only implied.
struct StagedTree {
  std::string folder;       // absolute
  std::vector<StagedEntry> entries;
  std::uint64_t bytes = 0;  // of all files
};

}  // namespace cudaenv
