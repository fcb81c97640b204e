// Starts cudaenv-probe as a child and gathers its records.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/process.hpp"
#include "sys/world.hpp"

namespace cudaenv::verify {

struct ProbeRequest {
  std::string toolkit;  // folder; empty: facts only
  std::optional<int> device;  // CUDA's index; absent: every one
  std::size_t kernel_gpus = 0;  // facts only: NVML is left out where CUDA sees as many; 0: it is asked in any case
  std::size_t gpus = 1;       // about how many there are: each may take memory
  std::vector<int> archs;  // targets of the toolkit by the tables
  std::string isa;         // "9.0"
  std::vector<std::string> libraries;  // steps gemm, cufft, cudnn, nccl: these instead of kernels
  std::chrono::milliseconds deadline{10'000};
};

/// What a probe left behind. Only records that carry the nonce are in it.
struct ProbeReport {
  ChildResult::End end = ChildResult::End::exited;
  int status = 0;  // exit status or signal
  double elapsed_ms = 0;
  std::uint64_t memory_cap = 0;  // bytes that it might take
  std::map<std::string, std::string, std::less<>> records;
  std::string noise;  // the end of what driver and tools printed, safe to show

  [[nodiscard]] bool done() const { return records.contains("done"); }
  [[nodiscard]] std::string text(std::string_view key) const;
  /// A decimal number, possibly negative; absent where there is no such record or it is none.
  [[nodiscard]] std::optional<long> number(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return records.contains(key); }
};

/// Runs the probe. An Error only where it cannot be started at all.
[[nodiscard]] Result<ProbeReport> run_probe(const World& world, const ProbeRequest& request);

/// Where and how the probe ended before it could say whether the driver starts ("signal 11 in `cuInit`"); empty
/// where it could, or where there is no driver library to ask.
[[nodiscard]] std::string why_no_answer(const ProbeReport& report);
/// How it ended, whatever it had said.
[[nodiscard]] std::string how_ended(const ProbeReport& report);
/// How it ended for one GPU, which may have hung while others were done.
[[nodiscard]] std::string how_ended(const ProbeReport& report, int gpu);

/// The records of `nonce` in what came over the channel; anything else is ignored. The last one of a key wins.
[[nodiscard]] std::map<std::string, std::string, std::less<>> parse_records(std::string_view text,
                                                                            std::string_view nonce);

/// Variables that decide which driver and which GPUs a program sees: the probe gets them, and a verdict rests on them.
inline constexpr const char* driver_variables[] = {"LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
                                                   "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY",
                                                   "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"};

/// Those, and PATH, HOME and TMPDIR for the toolkit's tools; nothing that loads other code.
[[nodiscard]] std::map<std::string, std::string, std::less<>> probe_environment(const Environment& env);

}  // namespace cudaenv::verify
