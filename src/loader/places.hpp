// Where the dynamic linker looks for one name, in order. Pure but for looking at files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "loader/trace.hpp"

namespace cudaenv::loader {

/// An object that is loaded, with what a search on its behalf needs.
struct Loaded {
  ElfObject elf;
  std::string path;     // as opened
  std::string origin;   // what $ORIGIN stands for
  int loader = -1;      // index of the object that asked for it first; -1 for the first one and preloads
  std::vector<std::string> names;  // by which it was asked for
  std::uint64_t device = 0, inode = 0;
};

/// A folder of the search, and why it is one.
struct Place {
  Rule rule = Rule::not_found;
  std::string folder;   // as the linker writes it, without a final slash
  std::string detail;   // where it stands
};

/// The folders for a need of `objects[asker]`: RPATHs up the chain, LD_LIBRARY_PATH, RUNPATH. Cache and default folders follow.
[[nodiscard]] std::vector<Place> places_for(const LinkerFacts& facts, const LoadRequest& request, const std::vector<Loaded>& objects, int asker);

/// $ORIGIN, $LIB, $PLATFORM, with or without braces; empty where one stands for nothing.
[[nodiscard]] std::string expand(std::string_view text, const LinkerFacts& facts, std::string_view origin);

/// Every file name that is tried in `folder`, in order: glibc-hwcaps, legacy names, the folder itself.
[[nodiscard]] std::vector<std::string> tries_in(const LinkerFacts& facts, const std::string& folder, std::string_view name);

}  // namespace cudaenv::loader
