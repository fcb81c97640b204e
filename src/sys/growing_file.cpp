#include "sys/growing_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "sys/fs.hpp"

namespace cudaenv {

namespace {
constexpr std::size_t block_bytes = 1 << 20;
}

Result<std::optional<GrowingFile>> GrowingFile::open(const std::string& path) {
  for (;;) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (!fd) return fail(fs::os_error("open", path, errno));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::optional<GrowingFile>();
      return fail(fs::os_error("lock", path, errno));
    }
    struct stat ours{}, named{};
    if (::fstat(fd.get(), &ours) != 0) return fail(fs::os_error("look at", path, errno));
    if (!S_ISREG(ours.st_mode)) return fail(Code::io, "cannot write `" + path + "`", "it is not a regular file");
    // Between open and lock its last holder may have renamed or removed it: then this is another file.
    if (::lstat(path.c_str(), &named) != 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev) continue;
    return std::optional(GrowingFile(std::move(fd), path, static_cast<std::uint64_t>(ours.st_size)));
  }
}

Result<void> GrowingFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(fs::os_error("write", path_, n == 0 ? ENOSPC : errno));
    size_ += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> GrowingFile::clear() {
  if (::ftruncate(fd_.get(), 0) != 0) return fail(fs::os_error("empty", path_, errno));
  size_ = 0;
  return {};
}

Result<void> GrowingFile::read(const std::function<void(std::span<const std::byte>)>& take) const {
  std::vector<std::byte> block(block_bytes);
  for (std::uint64_t at = 0;;) {
    const auto n = ::pread(fd_.get(), block.data(), block.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(fs::os_error("read", path_, errno));
    if (n == 0) return {};
    take(std::span(block).first(static_cast<std::size_t>(n)));
    at += static_cast<std::uint64_t>(n);
  }
}

Result<void> GrowingFile::move_to(const std::string& path) {
  TRY(fs::rename(path_, path));
  path_ = path;
  return {};
}

}  // namespace cudaenv
