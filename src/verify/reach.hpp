// What a toolkit may do under a driver and its GPUs, by the tables. Pure.
#pragma once

#include <optional>
#include <string>

#include "model/driver.hpp"
#include "verify/facts_tables.hpp"

namespace cudaenv::verify {

/// Does the driver carry this toolkit at all, and can it compile its PTX?
enum class DriverReach { ptx_too, sass_only, refused };
struct DriverJudgement {
  DriverReach reach = DriverReach::refused;
  std::string evidence;  // "driver 13.0 >= 12.8"
};
/// `cuda` is cuDriverGetVersion, `driver` the driver's own version where known ("580.159.04", else empty).
[[nodiscard]] DriverJudgement judge_driver(const Tables& tables, const Version& toolkit, int cuda,
                                           const std::string& driver);

/// Has the toolkit a target for this GPU?
enum class ArchReach { native, ptx_only, gpu_too_old };
struct ArchJudgement {
  ArchReach reach = ArchReach::native;
  std::string evidence;  // "sm_90 is a target of 12.8 (sm_50 to sm_120)"
};
/// `cc` is 90 for compute capability 9.0. SASS of X.y runs on X.z with z >= y; PTX on anything newer.
[[nodiscard]] ArchJudgement judge_arch(const Tables& tables, const Version& toolkit, int cc);

/// Both together over every GPU; without GPUs the driver alone decides.
[[nodiscard]] Reach judge_reach(const Tables& tables, const Version& toolkit, const DriverFacts& facts);

/// The toolkits around the newest one that is `full` here, as a spec: ">=11.8,<13.1". On machines with GPUs of several
/// kinds one that all of them run goes before a newer one that only some do. Absent where none is.
[[nodiscard]] std::optional<std::string> full_range(const Tables& tables, const DriverFacts& facts);

}  // namespace cudaenv::verify
