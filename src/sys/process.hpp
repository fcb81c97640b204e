// Child processes: with a deadline, output captured and capped, no shell ever.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv {

struct ChildSpec {
  std::string program;                 // absolute, or a name looked up in PATH of `environment`
  std::vector<std::string> arguments;  // without argv[0]
  std::map<std::string, std::string, std::less<>> environment;
  std::string folder;                  // working directory, empty = ours
  std::string input;                   // standard input, else /dev/null
  std::chrono::milliseconds deadline{10'000};
  std::size_t output_cap = 1 << 20;    // bytes kept of each stream; the rest is read and dropped
  std::map<int, int> descriptors;      // the child's number (>= 3) -> a descriptor of ours it gets there;
                                       // it gets no other one (how the probe's private result channel is passed)
  bool contained = false;              // nothing that the child starts outlives it, not even when this process is killed
  std::uint64_t memory_cap = 0;        // of a contained child: bytes of anonymous memory, then KILL; 0: any
};

struct ChildResult {
  enum class End { exited, signalled, timed_out, over_memory } end = End::exited;
  int status = 0;  // exit status or signal number
  std::string out, err;
  double elapsed_ms = 0;
};

/// Runs a child in a process group of its own. After the deadline: TERM, KILL 200 ms later to the whole
/// group, and an unkillable child is abandoned, not waited for. Returns at most 1 s after the deadline
/// even if a grandchild keeps the pipes open. Core dumps are off. A contained child is watched by a process in
/// between (sys/supervisor.hpp), which also ends what has left the group. Fails (Code::not_found) when the
/// program cannot be started.
[[nodiscard]] Result<ChildResult> run_child(const ChildSpec& spec);

/// Replaces this process. Only returns on failure: Code::not_found (127) or io for permission.
[[nodiscard]] Error exec_replace(const std::string& program, const std::vector<std::string>& arguments,
                                 const std::map<std::string, std::string, std::less<>>& environment);

/// The absolute path of `name` in a PATH value, or empty. Relative and empty elements are skipped.
[[nodiscard]] std::string find_in_path(std::string_view name, std::string_view path);

}  // namespace cudaenv
