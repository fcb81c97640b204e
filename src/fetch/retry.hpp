// When a failed request is tried again. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace cudaenv::fetch {

inline constexpr std::uint64_t max_delay_ms = 20'000;       // of the backoff
inline constexpr std::uint64_t max_retry_after_s = 120;     // a server that asks for longer is not waited for

/// Statuses that may change by themselves: 408, 425, 429 and 5xx but for 501 and 505.
[[nodiscard]] bool is_retryable_status(int status);

/// Milliseconds before try `attempt` + 2 (0: the first failure): exponential backoff from `base_ms` with full
/// jitter (`random` in [0, 1)), and at least what the server asked for. Nullopt: it asked for too long.
[[nodiscard]] std::optional<std::uint64_t> retry_delay(unsigned attempt, std::uint64_t base_ms,
                                                       std::optional<std::uint64_t> retry_after_s, double random);

}  // namespace cudaenv::fetch
