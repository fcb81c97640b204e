#include "fetch/retry.hpp"

#include <algorithm>

namespace cudaenv::fetch {

bool is_retryable_status(int status) {
  if (status == 408 || status == 425 || status == 429) return true;
  return status >= 500 && status <= 599 && status != 501 && status != 505;
}

std::optional<std::uint64_t> retry_delay(unsigned attempt, std::uint64_t base_ms,
                                         std::optional<std::uint64_t> retry_after_s, double random) {
  if (retry_after_s && *retry_after_s > max_retry_after_s) return std::nullopt;
  const auto doublings = std::min(attempt, 20U);
  const auto ceiling = std::min(max_delay_ms, std::min(base_ms, max_delay_ms) << doublings);
  const auto backoff = static_cast<std::uint64_t>(static_cast<double>(ceiling) * std::clamp(random, 0.0, 1.0));
  return std::max(backoff, retry_after_s.value_or(0) * 1000);
}

}  // namespace cudaenv::fetch
