#include "sys/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/fs.hpp"
#include "sys/program.hpp"
#include "sys/supervisor.hpp"

namespace cudaenv {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds term_grace{200};  // between TERM and KILL
constexpr milliseconds kill_grace{300};  // for the kernel to act on KILL; after that the child is abandoned
constexpr milliseconds pipe_grace{250};  // for output that a grandchild still holds after the child ended

struct Pipe {
  Fd read_end, write_end;
};
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(fs::os_error("open", "a pipe", errno));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// Standard input from memory: a child that does not read it cannot block us.
Result<Fd> open_input(const std::string& input) {
  if (input.empty()) {
    Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return fail(fs::os_error("open", "/dev/null", errno));
    return null;
  }
  Fd memory(::memfd_create("cudaenv-stdin", MFD_CLOEXEC));
  if (!memory) return fail(fs::os_error("open", "a memory file", errno));
  for (std::string_view rest = input; !rest.empty();) {
    const auto n = ::write(memory.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(fs::os_error("write", "a memory file", errno));
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(memory.get(), 0, SEEK_SET);
  return memory;
}

/// The descriptors a child starts with, as (child's number, ours) pairs.
using Wiring = std::vector<std::pair<int, int>>;

/// Puts each descriptor where the child expects it. Copies above all targets come first, so that no target
/// overwrites a source. Only async-signal-safe calls.
bool wire_descriptors(Wiring& wiring, int& exec_error) {
  int above = 3;
  for (const auto& [target, source] : wiring) above = std::max(above, target + 1);
  exec_error = ::fcntl(exec_error, F_DUPFD_CLOEXEC, above);
  if (exec_error < 0) return false;
  for (auto& [target, source] : wiring)
    if ((source = ::fcntl(source, F_DUPFD_CLOEXEC, above)) < 0) return false;
  for (const auto& [target, source] : wiring)
    if (::dup2(source, target) < 0) return false;
  return true;
}

/// Closes what the child did not ask for, also descriptors that someone left open without CLOEXEC.
void close_others(const Wiring& wiring, int keep) {
  int highest = 2;
  for (const auto& [target, source] : wiring) highest = std::max(highest, target);
  for (int fd = 3; fd <= highest; ++fd)
    if (std::none_of(wiring.begin(), wiring.end(), [fd](const auto& pair) { return pair.first == fd; })) ::close(fd);
#ifdef SYS_close_range
  const auto first = static_cast<unsigned>(highest + 1);
  const auto kept = static_cast<unsigned>(keep);
  if (first < kept) ::syscall(SYS_close_range, first, kept - 1, 0U);
  ::syscall(SYS_close_range, kept + 1, ~0U, 0U);
#else
  (void)keep;
#endif
}

[[noreturn]] void become_child(Wiring& wiring, int exec_error, const char* folder, const Prepared& prepared) {
  ::setpgid(0, 0);
  restore_signals();
  // One byte, not none: a core_pattern that is a program is run even at 0, but not at 1 (core(5)).
  const rlimit none{1, 1};
  ::setrlimit(RLIMIT_CORE, &none);
  if (wire_descriptors(wiring, exec_error) && (folder == nullptr || ::chdir(folder) == 0)) {
    close_others(wiring, exec_error);
    ::execve(prepared.path.c_str(), prepared.argv.data(), prepared.envp.data());
  }
  const int number = errno;
  (void)!::write(exec_error, &number, sizeof number);
  ::_exit(127);
}

/// The process between us and a contained child. Forks the child, so that it is that one's parent.
[[noreturn]] void become_supervisor(Wiring& wiring, int exec_error, const char* folder, const Prepared& prepared,
                                    const Supervision& supervision, int managers_lifeline) {
  become_reaper();
  ::close(managers_lifeline);  // or its end would never show
  const auto child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);  // even a supervisor that is killed takes the child along
    become_child(wiring, exec_error, folder, prepared);
  }
  if (child > 0) {
    // Held here they would not end with the child.
    ::close(exec_error);
    for (const auto& [target, source] : wiring) ::close(source);
    supervise(child, supervision);
  }
  const int number = errno;
  (void)!::write(exec_error, &number, sizeof number);
  ::_exit(127);
}

/// errno of a failed exec, or 0 once the child runs its program.
int read_exec_error(int fd) {
  int number = 0;
  ssize_t n = 0;
  do n = ::read(fd, &number, sizeof number);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof number) ? number : 0;
}

/// A child that runs: its output is collected and its end noticed, both with bounds.
class Child {
 public:
  Child(pid_t pid, Fd out, Fd err, std::size_t cap) : pid_(pid), cap_(cap) {
    streams_[0].fd = std::move(out);
    streams_[1].fd = std::move(err);
#ifdef SYS_pidfd_open
    ended_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#endif
  }

  /// Reads and reaps until the child and its pipes are done, or `until`. True: nothing is left to wait for.
  bool pump(Clock::time_point until) {
    for (;;) {
      reap();
      if (status_ && !open_streams()) return true;
      auto limit = until;
      if (status_) limit = std::min(limit, reaped_at_ + pipe_grace);
      const auto left = std::chrono::ceil<milliseconds>(limit - Clock::now()).count();
      if (left <= 0) return status_.has_value();
      wait_and_read(static_cast<int>(left));
    }
  }

  /// From now on the child's end is what a supervisor reports; `lifeline` is what ends it.
  void contain(Fd lifeline, Fd report) {
    lifeline_ = std::move(lifeline);
    report_ = std::move(report);
  }

  /// TERM, KILL, and then the child is left to the kernel: one that is stuck in a driver ends when that lets go.
  void stop() {
    if (lifeline_) {
      lifeline_.reset();  // the supervisor does the same, and to all that descends from the child
      pump(Clock::now() + term_grace + kill_grace);
    } else {
      signal_group(SIGTERM);
      pump(Clock::now() + term_grace);
    }
    signal_group(SIGKILL);
    pump(Clock::now() + kill_grace);
  }

  void signal_group(int number) const { ::kill(-pid_, number); }
  [[nodiscard]] bool ended() const { return status_.has_value(); }
  [[nodiscard]] bool open_streams() const { return static_cast<bool>(streams_[0].fd) || static_cast<bool>(streams_[1].fd); }

  [[nodiscard]] ChildResult result(bool timed_out) && {
    ChildResult result;
    result.out = std::move(streams_[0].text);
    result.err = std::move(streams_[1].text);
    SupervisedEnd seen;
    const bool reported = report_ && ::read(report_.get(), &seen, sizeof seen) == static_cast<ssize_t>(sizeof seen);
    if (reported) status_ = seen.wait_status;
    if (timed_out) {
      result.end = ChildResult::End::timed_out;
    } else if (seen.over_memory != 0) {
      result.end = ChildResult::End::over_memory;
    } else if (WIFSIGNALED(*status_)) {
      result.end = ChildResult::End::signalled;
      result.status = WTERMSIG(*status_);
    } else {
      result.status = WEXITSTATUS(*status_);
    }
    return result;
  }

 private:
  struct Stream {
    Fd fd;
    std::string text;
  };

  void reap() {
    if (status_) return;
    int status = 0;
    if (const auto reaped = ::waitpid(pid_, &status, WNOHANG); reaped == pid_) {
      status_ = status;
    } else if (reaped < 0 && errno == ECHILD) {
      status_ = 0;  // someone else took it (SIGCHLD ignored); how it ended is not known
    } else {
      return;
    }
    reaped_at_ = Clock::now();
    ended_.reset();
  }

  void wait_and_read(int timeout_ms) {
    std::array<pollfd, 3> polled{};
    nfds_t count = 0;
    for (const auto& stream : streams_)
      if (stream.fd) polled[count++] = {stream.fd.get(), POLLIN, 0};
    if (ended_) polled[count++] = {ended_.get(), POLLIN, 0};
    // Without pidfd_open (before Linux 5.3) the child's end is looked for every 10 ms.
    const bool blind = !ended_ && !status_;
    ::poll(polled.data(), count, blind ? std::min(timeout_ms, 10) : timeout_ms);
    for (nfds_t i = 0; i < count; ++i)
      for (auto& stream : streams_)
        if (polled[i].revents != 0 && stream.fd && polled[i].fd == stream.fd.get()) read_some(stream);
  }

  void read_some(Stream& stream) const {
    std::array<char, 16 * 1024> chunk;
    const auto n = ::read(stream.fd.get(), chunk.data(), chunk.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) return stream.fd.reset();
    const auto room = cap_ - std::min(cap_, stream.text.size());
    stream.text.append(chunk.data(), std::min(static_cast<std::size_t>(n), room));
  }

  pid_t pid_;
  std::size_t cap_;
  Fd ended_, lifeline_, report_;
  std::array<Stream, 2> streams_;
  std::optional<int> status_;
  Clock::time_point reaped_at_;
};

}  // namespace

Result<ChildResult> run_child(const ChildSpec& spec) {
  const Prepared prepared(TRY(resolve_program(spec.program, spec.environment)), spec.program, spec.arguments,
                          spec.environment);
  const auto input = TRY(open_input(spec.input));
  auto out = TRY(make_pipe());
  auto err = TRY(make_pipe());
  auto exec_error = TRY(make_pipe());
  Wiring wiring{{0, input.get()}, {1, out.write_end.get()}, {2, err.write_end.get()}};
  for (const auto& [target, source] : spec.descriptors) wiring.emplace_back(target, source);
  const char* folder = spec.folder.empty() ? nullptr : spec.folder.c_str();
  Pipe lifeline, report;
  if (spec.contained) {
    lifeline = TRY(make_pipe());
    report = TRY(make_pipe());
  }

  const auto begin = Clock::now();
  const auto pid = ::fork();
  if (pid < 0) return fail(fs::os_error("start", spec.program, errno));
  if (pid == 0 && spec.contained)
    become_supervisor(wiring, exec_error.write_end.get(), folder, prepared,
                      {lifeline.read_end.get(), report.write_end.get(), spec.memory_cap}, lifeline.write_end.get());
  if (pid == 0) become_child(wiring, exec_error.write_end.get(), folder, prepared);
  ::setpgid(pid, pid);  // both sides do it, so that neither can be late
  for (auto* pipe : {&out, &err, &exec_error, &report}) pipe->write_end.reset();
  lifeline.read_end.reset();
  if (const int number = read_exec_error(exec_error.read_end.get()); number != 0) {
    ::waitpid(pid, nullptr, 0);
    return fail(cannot_run(spec.program, number));
  }

  Child child(pid, std::move(out.read_end), std::move(err.read_end), spec.output_cap);
  child.contain(std::move(lifeline.write_end), std::move(report.read_end));
  child.pump(begin + spec.deadline);
  const bool timed_out = !child.ended();
  if (timed_out) child.stop();
  else if (child.open_streams()) child.signal_group(SIGKILL);  // what it left behind in its group
  auto result = std::move(child).result(timed_out);
  result.elapsed_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  return result;
}

}  // namespace cudaenv
