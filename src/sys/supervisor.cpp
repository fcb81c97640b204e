#include "sys/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

namespace cudaenv {

namespace {

constexpr long term_grace_ms = 200;  // between TERM and KILL
constexpr long kill_grace_ms = 250;  // for the kernel to act on KILL; what is stuck in a driver ends when that lets go
constexpr int watch_ms = 20;         // between two looks at the child's memory: at most some 100 MB are touched meanwhile

long now_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

// A small file of /proc, without the C library's streams.
std::string_view read_small(const char* path, std::array<char, 4096>& buffer) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const auto n = ::read(fd, buffer.data(), buffer.size() - 1);
  ::close(fd);
  return n <= 0 ? std::string_view() : std::string_view(buffer.data(), static_cast<std::size_t>(n));
}

// Anonymous memory of a process in bytes. Address space says nothing (CUDA reserves terabytes), nor do mapped
// files (the driver's libraries): resident less shared pages, /proc/PID/statm.
std::uint64_t anonymous_memory(pid_t pid) {
  std::array<char, 64> path;
  std::array<char, 4096> buffer{};
  std::snprintf(path.data(), path.size(), "/proc/%d/statm", pid);
  if (read_small(path.data(), buffer).empty()) return 0;
  char* at = buffer.data();
  (void)std::strtoull(at, &at, 10);
  const auto resident = std::strtoull(at, &at, 10), shared = std::strtoull(at, &at, 10);
  return (resident - std::min(shared, resident)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// KILL for every process that is our child now: the child's orphans among them.
void kill_children() {
  std::array<char, 64> path;
  std::array<char, 4096> buffer{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/children", ::getpid());
  for (auto rest = read_small(path.data(), buffer); !rest.empty();) {
    pid_t pid = 0;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      pid = pid * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    if (rest.empty()) return;  // a number that the buffer's end cut short is another process's
    if (pid > 1) ::kill(pid, SIGKILL);
    rest.remove_prefix(1);
  }
}

struct Watched {
  pid_t child;
  SupervisedEnd end;
  bool ended = false;
};

// Takes every process that has ended. False: no child is left.
bool reap(Watched& watched) {
  for (;;) {
    int status = 0;
    const auto pid = ::waitpid(-1, &status, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0) return false;
    if (pid != watched.child) continue;
    watched.ended = true;
    watched.end.wait_status = status;
  }
}

// One wait for a child's end, the manager's word or `timeout`. True: the manager wants the end.
bool wait_once(int ended_fd, int lifeline, int timeout) {
  std::array<pollfd, 2> polled{{{ended_fd, POLLIN, 0}, {lifeline, POLLIN, 0}}};
  ::poll(polled.data(), lifeline >= 0 ? 2 : 1, timeout);
  std::array<char, sizeof(signalfd_siginfo) * 8> dropped;
  if ((polled[0].revents & POLLIN) != 0) (void)!::read(ended_fd, dropped.data(), dropped.size());
  return lifeline >= 0 && polled[1].revents != 0;
}

// Until the child has ended, or must.
void watch(Watched& watched, const Supervision& supervision, int ended_fd) {
  for (;;) {
    reap(watched);
    if (watched.ended) return;
    const bool over = supervision.memory_cap != 0 && anonymous_memory(watched.child) > supervision.memory_cap;
    if (over) watched.end.over_memory = 1;
    if (over || wait_once(ended_fd, supervision.lifeline, supervision.memory_cap == 0 ? -1 : watch_ms)) return;
  }
}

void end_everything(Watched& watched, int ended_fd) {
  if (!watched.ended && watched.end.over_memory == 0) {
    ::kill(-watched.child, SIGTERM);
    ::kill(watched.child, SIGTERM);
    for (const long until = now_ms() + term_grace_ms; reap(watched) && !watched.ended && now_ms() < until;)
      wait_once(ended_fd, -1, static_cast<int>(std::max(1L, until - now_ms())));
  }
  // Orphans come to us only after their parent is gone, so it takes a round for each generation.
  for (const long until = now_ms() + kill_grace_ms; reap(watched) && now_ms() < until;) {
    ::kill(-watched.child, SIGKILL);
    kill_children();
    wait_once(ended_fd, -1, 10);
  }
}

void close_all_but(const Supervision& supervision, int ended_fd) {
  std::array<int, 3> kept{supervision.lifeline, supervision.report, ended_fd};
  std::sort(kept.begin(), kept.end());
  int first = 0;
  for (const int fd : kept) {
#ifdef SYS_close_range
    if (fd > first) ::syscall(SYS_close_range, static_cast<unsigned>(first), static_cast<unsigned>(fd - 1), 0U);
#endif
    first = fd + 1;
  }
#ifdef SYS_close_range
  ::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U);
#endif
}

}  // namespace

void become_reaper() {
  ::setpgid(0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t every;
  ::sigfillset(&every);
  ::sigprocmask(SIG_SETMASK, &every, nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, it would reap for us and lose the status
}

void supervise(pid_t child, const Supervision& supervision) {
  ::setpgid(child, child);  // both sides do it, so that neither can be late
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  const int ended_fd = ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  close_all_but(supervision, ended_fd);
  Watched watched{child, {}, false};
  watch(watched, supervision, ended_fd);
  end_everything(watched, ended_fd);
  if (!watched.ended) watched.end.wait_status = SIGKILL;  // stuck in the kernel; init reaps it one day
  (void)!::write(supervision.report, &watched.end, sizeof watched.end);
  ::_exit(0);
}

}  // namespace cudaenv
