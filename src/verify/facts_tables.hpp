// The compatibility tables of manifests/ as values: drivers.toml, sm.toml, ptx.toml.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/version.hpp"

namespace cudaenv::verify {

/// A driver branch: what cuDriverGetVersion answers, and the newest PTX ISA it can compile.
struct DriverBranch {
  int cuda = 0;  // 13000
  int isa = 0;   // 90 for PTX ISA 9.0
};

/// The toolkits that have a GPU architecture as a target, as major*1000 + minor*10; `last` 0: still there.
struct ArchRange {
  int first = 0, last = 0;
};

/// Targets that a toolkit named itself.
struct ReadArchs {
  std::vector<int> archs;  // ascending
  std::string asked;       // "ptxas"
};

struct Tables {
  std::map<int, std::string> minor_compat_min;           // toolkit major -> oldest driver, "525.60.13"
  std::map<int, DriverBranch> branches;                  // 580 -> ...
  std::map<int, ArchRange> archs;                        // 90 -> [11080, 0]
  std::map<int, int> ptx_isa;                            // 12080 -> 87

  int archs_known_to = 0;                                // 13040: later toolkits are taken to have the same targets
  std::map<int, ReadArchs> read_archs;                   // outranks `archs`

  /// Are the targets of this toolkit measured, or named by itself?
  [[nodiscard]] bool knows_archs(int cuda) const { return cuda <= archs_known_to || read_archs.contains(cuda); }
  /// PTX ISA of the toolkit that `cuda` (12080) names; absent for toolkits newer than the tables.
  [[nodiscard]] std::optional<int> isa_of_toolkit(int cuda) const;
  /// The newest ISA known not to be newer than that toolkit's own: one that its tools surely accept.
  [[nodiscard]] int known_isa(int cuda) const;
  /// The newest PTX ISA that a driver of this cuDriverGetVersion can compile; absent where unknown.
  [[nodiscard]] std::optional<int> isa_of_driver(int cuda) const;
  /// Targets of the toolkit, ascending: {75, 80, ...}.
  [[nodiscard]] std::vector<int> archs_of(int cuda) const;
};

/// Reads the three files of `folder` (…/share/cudaenv/manifests). Code::config where one is missing or malformed.
[[nodiscard]] Result<Tables> read_tables(const std::string& folder);

/// 13000 as "13.0".
[[nodiscard]] std::string cuda_text(int cuda);
/// 12.8.1 as 12080.
[[nodiscard]] inline int cuda_number(const Version& version) {
  return static_cast<int>(version.major() * 1000 + version.minor() * 10);
}
/// 87 as "8.7".
[[nodiscard]] std::string isa_text(int isa);
/// "12.8" or "12" as 12080, 12000; absent for anything else.
[[nodiscard]] std::optional<int> parse_cuda(std::string_view text);
/// "9.0" as 90, "10.3" as 103: compute capabilities and PTX ISAs.
[[nodiscard]] std::optional<int> parse_tenths(std::string_view text);

}  // namespace cudaenv::verify
