// The driver's facts of a moment ago, under the same conditions as verdicts: so that a requirement or the spec
// `driver` costs a few file reads at each prompt, and not a cuInit.
#pragma once

#include <optional>

#include "model/driver.hpp"
#include "sys/world.hpp"
#include "verify/machine_facts.hpp"

namespace cudaenv::verify {

/// Facts kept under these conditions; absent where there are none or something changed since.
[[nodiscard]] std::optional<DriverFacts> find_facts(const World& world, const MachineFacts& machine);

/// Remembers facts of a driver that started and shows a GPU; others may change at any moment. A cache that cannot be
/// written costs time and nothing else.
void keep_facts(const World& world, const MachineFacts& machine, const DriverFacts& facts);

}  // namespace cudaenv::verify
