// Verdicts of earlier proofs. One holds only while everything it rests on is the same: boot, kernel module, GPUs,
// device nodes, the libcuda file and every place where another would come before it, the toolkit, the variables that
// decide what loads, the probe and our own version. Verdicts of --gemm are never kept.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "model/driver.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::verify {

struct CacheKey {
  std::string file;  // where the verdict of this toolkit and environment lies
  std::string text;  // everything it rests on, as lines
};

/// `device`: the one asked for, or all. Files are only stat'ed; no process is started. About two dozen system calls a lookup.
[[nodiscard]] CacheKey cache_key(const World& world, const MachineFacts& machine, const Receipt& toolkit, std::optional<int> device);

/// The verdict under `key`, with `cached` set; absent where there is none, it rests on something else, or the
/// libcuda it was proven with has changed. A malformed file counts as none.
[[nodiscard]] std::optional<Verdict> find_verdict(const CacheKey& key);

/// Remembers `verdict`, proven with the library at `libcuda` (empty: none was there).
[[nodiscard]] Result<void> keep_verdict(const CacheKey& key, const Verdict& verdict, const std::string& libcuda);

}  // namespace cudaenv::verify
