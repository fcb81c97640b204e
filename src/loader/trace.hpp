// Which file each needed library resolves to, by glibc's rules, without running anything. The rules are those of
// `_dl_map_object` (glibc elf/dl-load.c) and of ld.so(8).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "loader/elf_object.hpp"
#include "loader/linker_cache.hpp"
#include "loader/linker_facts.hpp"

namespace cudaenv::loader {

enum class Rule { rpath, ld_library_path, runpath, cache, default_folder, already_loaded, by_path, preload, not_found };
/// "rpath", "ld_library_path", "runpath", "ld.so.cache", "default", "already-loaded", "path", "preload", "not-found".
[[nodiscard]] const char* rule_name(Rule rule);

struct Need {
  std::string name;       // as written: a SONAME, or a path
  std::string path;       // the file as the linker opens it; empty when not found
  std::string needed_by;  // path of the object that asks
  Rule rule = Rule::not_found;
  std::string detail;     // the element that led there: "$ORIGIN/../lib of /a/libx.so"
  std::vector<std::string> shadows;  // files of that name that later places hold, in the order of the search
};

struct Problem {
  enum class Kind { not_found, wrong_class, damaged, missing_version } kind = Kind::not_found;
  std::string detail;
};
/// "not-found", "wrong-class", "damaged", "missing-symbol-version".
[[nodiscard]] const char* problem_name(Problem::Kind kind);

struct LoadRequest {
  std::string object;                       // a program or a library, absolute
  std::optional<std::string> library_path;  // LD_LIBRARY_PATH where it is set
  std::string preload;                      // LD_PRELOAD
  std::string folder;                       // the working directory, for relative and empty elements
};

struct LoadTrace {
  std::vector<Need> needs;      // in the order in which the linker asks; what is loaded already included
  std::vector<std::string> objects;  // every file that ends up in the process, the object first
  std::vector<Problem> problems;
};

/// An Error only where `object` itself cannot be read. At most 4,096 objects.
[[nodiscard]] Result<LoadTrace> trace_load(const LinkerFacts& facts, const LinkerCache& cache, const LoadRequest& request);

}  // namespace cudaenv::loader
