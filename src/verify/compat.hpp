// Forward compatibility: may a newer user-mode driver (cuda-compat) stand over this older kernel driver? Pure; the
// launch with it has the last word.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "verify/compat_note.hpp"

namespace cudaenv::verify {

/// manifests/forward_compat.toml and the classes of gpus.toml.
struct CompatTables {
  struct Cell {
    std::vector<int> works;  // branches of kernel modules that carry the package
    int same = 0;            // the branch whose own driver is that version; 0: none
  };
  struct Gpu {
    std::string name;  // "H100": whole words of a product name
    bool data_centre = false;
  };
  std::map<int, Cell> packages;  // 13000 -> ...
  std::vector<Gpu> gpus;         // longest names first
  std::vector<std::string> files;  // beginnings of the file names that a package holds: "libcuda.so"
};
/// Code::config where a file of `folder` (…/share/cudaenv/manifests) is missing or malformed.
[[nodiscard]] Result<CompatTables> read_compat_tables(const std::string& folder);

struct CompatPackage {
  int cuda = 0;              // the release it belongs to, 13000; 0: not known
  std::string version;       // of its libcuda's file, "580.95.05"; empty: not known
  std::optional<CompatNote> note;
};

struct CompatHost {
  std::string module;              // "535.309.01"; empty: not known
  std::vector<std::string> gpus;   // product names
};

struct CompatJudgement {
  enum class May { yes, no, unknown } may = May::unknown;
  std::string why;  // "its note names driver branch 535"
};
/// The note decides where there is one, else the table's cell; GPUs that are known to be none of a data centre say no
/// to either. What the tables do not know is `unknown`: worth a try.
[[nodiscard]] CompatJudgement judge_compat(const CompatTables& tables, const CompatPackage& package, const CompatHost& host);

/// 535 of "535.309.01"; 0 where it is no version.
[[nodiscard]] int branch_of(std::string_view driver);

}  // namespace cudaenv::verify
