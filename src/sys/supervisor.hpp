// A process of ours between the manager and a child that runs foreign code. Everything the child starts falls back
// to it however it detaches itself (PR_SET_CHILD_SUBREAPER), so that nothing outlives the child, not even when the
// manager is killed. It only makes system calls: it is forked out of a program that may have threads.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace cudaenv {

/// The two descriptors that join supervisor and manager, and what is watched.
struct Supervision {
  int lifeline = -1;             // the manager holds the other end: once that is closed, everything is ended
  int report = -1;               // one SupervisedEnd is written here
  std::uint64_t memory_cap = 0;  // bytes of anonymous memory that the child may hold; 0: any
};

/// What the supervisor saw. Trivial: it travels through a pipe.
struct SupervisedEnd {
  int wait_status = 0;           // as waitpid gives it
  int over_memory = 0;           // 1: killed for its memory
};

/// To be called in the forked supervisor before it forks the child: it becomes the reaper of all that descends from it,
/// leaves the terminal's process group and blocks every signal (the child takes them back).
void become_reaper();

/// Waits for `child` and for everything it left behind, with bounds; writes the report and ends the process.
/// At most half a second passes between the end of the lifeline and the end of the supervisor.
[[noreturn]] void supervise(pid_t child, const Supervision& supervision);

}  // namespace cudaenv
