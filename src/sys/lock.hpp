// Kernel locks (flock): freed by the holder's death, never deleted.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace cudaenv {

class FileLock {
 public:
  enum class Mode { shared, exclusive };
  /// Takes the lock on `path` (created when missing). Calls `waiting` once, with the holder's process
  /// number where the file names one, before it blocks. ENOLCK and a read-only folder are errors.
  [[nodiscard]] static Result<FileLock> take(const std::string& path, Mode mode,
                                             const std::function<void(int holder)>& waiting = {});
  /// The same without waiting: nothing where another process holds it.
  [[nodiscard]] static Result<std::optional<FileLock>> try_take(const std::string& path, Mode mode);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// The process that holds a flock on the file at `path`, for a message; 0 where the kernel does not say (/proc/locks).
[[nodiscard]] int lock_holder(const std::string& path);
/// "another cudaenv (process 1234)"; without the number for 0.
[[nodiscard]] std::string holder_text(int holder);

}  // namespace cudaenv
