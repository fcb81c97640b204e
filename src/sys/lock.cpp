#include "sys/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/fs.hpp"

namespace cudaenv {

namespace {

// The file names its last exclusive holder, for a message only: the lock itself is the kernel's.
int read_holder(int fd) {
  std::array<char, 16> text{};
  const auto n = ::pread(fd, text.data(), text.size() - 1, 0);
  return n > 0 ? std::atoi(text.data()) : 0;
}

void write_holder(int fd) {
  const auto text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

int flock_retrying(int fd, int operation) {
  int result = 0;
  do result = ::flock(fd, operation);
  while (result != 0 && errno == EINTR && (operation & LOCK_NB) != 0);
  return result;
}

Result<Fd> open_lock(const std::string& path) {
  // Writable, because NFS turns flock into a byte-range lock, which asks for that.
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return fail(fs::os_error("open the lock", path, errno));
  return fd;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::try_take(const std::string& path, Mode mode) {
  Fd fd = TRY(open_lock(path));
  if (flock_retrying(fd.get(), (mode == Mode::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<FileLock>{};
    return fail(fs::os_error("lock", path, errno));
  }
  if (mode == Mode::exclusive) write_holder(fd.get());
  return std::optional<FileLock>(FileLock(fd.release()));
}

Result<FileLock> FileLock::take(const std::string& path, Mode mode, const std::function<void(int)>& waiting) {
  Fd fd = TRY(open_lock(path));
  const int operation = mode == Mode::exclusive ? LOCK_EX : LOCK_SH;
  if (flock_retrying(fd.get(), operation | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(fs::os_error("lock", path, errno));
    if (waiting) waiting(read_holder(fd.get()));
    // EINTR ends the wait: a person pressed Ctrl-C.
    if (flock_retrying(fd.get(), operation) != 0) {
      if (errno == EINTR) return fail(Code::interrupted, "interrupted while waiting for `" + path + "`");
      return fail(fs::os_error("lock", path, errno));
    }
  }
  if (mode == Mode::exclusive) write_holder(fd.get());
  return FileLock(fd.release());
}

int lock_holder(const std::string& path) {
  const auto status = fs::status(path);
  const auto table = fs::read_file("/proc/locks", 1 << 20);
  if (!status || !table) return 0;
  // "1: FLOCK  ADVISORY  WRITE 1234 fe:00:567890 0 EOF"
  const auto inode = ":" + std::to_string(status->inode);
  for (const auto line : split(*table, '\n')) {
    std::vector<std::string_view> words;
    for (const auto word : split(line, ' '))
      if (!word.empty()) words.push_back(word);
    if (words.size() >= 6 && words[1] == "FLOCK" && words[5].ends_with(inode)) return static_cast<int>(parse_u64(words[4]).value_or(0));
  }
  return 0;
}

std::string holder_text(int holder) {
  return holder > 0 ? "another cudaenv (process " + std::to_string(holder) + ")" : "another cudaenv";
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace cudaenv
