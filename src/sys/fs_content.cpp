// The part of sys/fs that reads and writes what is in files, and makes links.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "sys/fd.hpp"
#include "sys/fs.hpp"

namespace cudaenv::fs {

namespace {

constexpr std::size_t piece = 256 * 1024;

Result<Fd> open_regular(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail(os_error("read", path, errno));
  struct stat raw{};
  if (::fstat(fd.get(), &raw) != 0) return fail(os_error("read", path, errno));
  if (!S_ISREG(raw.st_mode)) return fail(Code::io, "cannot read `" + path + "`", "it is not a regular file");
  return fd;
}

// Fills `out` as far as the file goes.
Result<void> fill(int fd, std::uint64_t offset, std::string& out, const std::string& path) {
  std::size_t have = 0;
  while (have < out.size()) {
    const auto n = ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(os_error("read", path, errno));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return {};
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(os_error("write", path, errno));
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

std::string beside(const std::string& path) {
  return path + ".new." + std::to_string(::getpid());
}

Result<Fd> create(const std::string& path, std::uint32_t mode) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd || ::fchmod(fd.get(), mode) != 0) return fail(os_error("write", path, errno));
  return fd;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max) {
  const auto fd = TRY(open_regular(path));
  std::string content;
  std::string chunk(std::min<std::uint64_t>(max + 1, 64 * 1024), '\0');
  for (;;) {
    const auto n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(os_error("read", path, errno));
    if (n == 0) return content;
    content.append(chunk.data(), static_cast<std::size_t>(n));
    if (content.size() > max)
      return fail(Code::io, "cannot read `" + path + "`", "it is larger than " + std::to_string(max) + " bytes");
  }
}

Result<void> read_blocks(const std::string& path, const std::function<void(std::span<const std::byte>)>& take) {
  const auto fd = TRY(open_regular(path));
  std::vector<std::byte> block(1 << 20);
  for (;;) {
    const auto n = ::read(fd.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(os_error("read", path, errno));
    if (n == 0) return {};
    take(std::span(block).first(static_cast<std::size_t>(n)));
  }
}

Result<std::string> read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
  constexpr auto largest = static_cast<std::uint64_t>(INT64_MAX);
  if (offset > largest - size) return std::string{};
  const auto fd = TRY(open_regular(path));
  std::string out(size, '\0');
  TRY(fill(fd.get(), offset, out, path));
  return out;
}

Result<bool> same_content(const std::string& a, const std::string& b) {
  const auto first = TRY(open_regular(a)), second = TRY(open_regular(b));
  for (std::uint64_t offset = 0;;) {
    std::string left(piece, '\0'), right(piece, '\0');
    TRY(fill(first.get(), offset, left, a));
    TRY(fill(second.get(), offset, right, b));
    if (left != right) return false;
    if (left.size() < piece) return true;
    offset += piece;
  }
}

Result<void> copy_file(const std::string& from, const std::string& to, std::uint32_t mode) {
  const auto source = TRY(open_regular(from));
  const auto target = TRY(create(to, mode));
  for (std::uint64_t offset = 0;;) {
    std::string buffer(piece, '\0');
    TRY(fill(source.get(), offset, buffer, from));
    TRY(write_all(target.get(), buffer, to));
    if (buffer.size() < piece) return {};
    offset += piece;
  }
}

Result<void> write_new_file(const std::string& path, std::string_view content, std::uint32_t mode) {
  const auto fd = TRY(create(path, mode));
  return write_all(fd.get(), content, path);
}

Result<void> write_file_atomic(const std::string& path, std::string_view content, std::uint32_t mode) {
  const auto temporary = beside(path);
  ::unlink(temporary.c_str());
  auto written = [&]() -> Result<void> {
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return fail(os_error("write", path, errno));
    TRY(write_all(fd.get(), content, path));
    if (::fsync(fd.get()) != 0) return fail(os_error("write", path, errno));
    if (::rename(temporary.c_str(), path.c_str()) != 0) return fail(os_error("write", path, errno));
    return {};
  }();
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_folder(parent(path));
}

Result<void> link_atomic(const std::string& target, const std::string& path) {
  const auto temporary = beside(path);
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return fail(os_error("link", path, errno));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return fail(os_error("link", path, number));
  }
  return sync_folder(parent(path));
}

Result<void> make_link(const std::string& target, const std::string& path) {
  if (::symlink(target.c_str(), path.c_str()) == 0) return {};
  return fail(os_error("link", path, errno));
}

}  // namespace cudaenv::fs
