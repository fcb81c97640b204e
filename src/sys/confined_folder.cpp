#include "sys/confined_folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv {

namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::uint64_t reserve_from = 1 << 20;

int open_beneath(int root, const char* path) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(folder_flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
}

bool is_clean(const std::string& path) {
  const auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(), [](auto part) { return part.empty() || part == "." || part == ".."; });
}

}  // namespace

Result<void> NewFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(fs::os_error("write", shown_, n == 0 ? ENOSPC : errno));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> NewFile::close() {
  // After EINTR the descriptor is closed all the same on Linux.
  if (::close(fd_.release()) != 0 && errno != EINTR) return fail(fs::os_error("write", shown_, errno));
  return {};
}

Result<ConfinedFolder> ConfinedFolder::open(const std::string& path, How how) {
  Fd root(::open(path.c_str(), folder_flags));
  if (!root) return fail(fs::os_error("open the folder", path, errno));
  if (how == How::openat2) {
    // ENOSYS on an old kernel; container filters that do not know the call answer EPERM.
    const Fd trial(open_beneath(root.get(), "."));
    if (!trial) how = How::step_by_step;
  }
  return ConfinedFolder(std::move(root), path, how);
}

Result<Fd> ConfinedFolder::open_folder(const std::string& path) {
  if (how_ == How::openat2) {
    int fd = -1;
    // EAGAIN: something was renamed meanwhile, and the kernel could not rule out an escape.
    do fd = open_beneath(root_.get(), path.c_str());
    while (fd < 0 && (errno == EAGAIN || errno == EINTR));
    if (fd < 0) return fail(fs::os_error("open the folder", show(path), errno));
    return Fd(fd);
  }
  Fd at;
  for (const auto component : split(path, '/')) {
    Fd next(::openat(at ? at.get() : root_.get(), std::string(component).c_str(), folder_flags));
    if (!next) return fail(fs::os_error("open the folder", show(path), errno));
    at = std::move(next);
  }
  return at;
}

Result<ConfinedFolder::Place> ConfinedFolder::place(const std::string& path) {
  if (!is_clean(path)) return fail(fs::os_error("make", show(path), EINVAL));
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return Place{root_.get(), path};
  auto parent = path.substr(0, slash);
  if (!last_ || parent != last_path_) {
    last_ = TRY(open_folder(parent));
    last_path_ = std::move(parent);
  }
  return Place{last_.get(), path.substr(slash + 1)};
}

Result<void> ConfinedFolder::make_folder(const std::string& path) {
  const auto [parent, name] = TRY(place(path));
  if (::mkdirat(parent, name.c_str(), 0755) != 0) return fail(fs::os_error("create the folder", show(path), errno));
  // By name, because a umask may have left a folder that cannot be opened; it was made a moment ago, by us.
  if (::fchmodat(parent, name.c_str(), 0755, 0) != 0) return fail(fs::os_error("set the mode of", show(path), errno));
  return {};
}

Result<NewFile> ConfinedFolder::make_file(const std::string& path, std::uint32_t mode, std::uint64_t size) {
  const auto [parent, name] = TRY(place(path));
  Fd fd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail(fs::os_error("create", show(path), errno));
  if (::fchmod(fd.get(), mode) != 0) return fail(fs::os_error("set the mode of", show(path), errno));
  // Not every file system can reserve; only a full one is an answer.
  if (size >= reserve_from && ::fallocate(fd.get(), 0, 0, static_cast<off_t>(size)) != 0 && (errno == ENOSPC || errno == EDQUOT))
    return fail(fs::os_error("write", show(path), errno));
  return NewFile(std::move(fd), show(path));
}

Result<void> ConfinedFolder::make_link(const std::string& target, const std::string& path) {
  const auto [parent, name] = TRY(place(path));
  if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) return fail(fs::os_error("link", show(path), errno));
  return {};
}

Result<void> ConfinedFolder::make_hard_link(const std::string& existing, const std::string& path) {
  if (!is_clean(existing)) return fail(fs::os_error("link", show(path), EINVAL));
  const auto slash = existing.rfind('/');
  Fd source;
  if (slash != std::string::npos) source = TRY(open_folder(existing.substr(0, slash)));
  const auto [parent, name] = TRY(place(path));
  const auto old_name = slash == std::string::npos ? existing : existing.substr(slash + 1);
  // Without AT_SYMLINK_FOLLOW a link is linked, not what it points to.
  if (::linkat(source ? source.get() : root_.get(), old_name.c_str(), parent, name.c_str(), 0) != 0)
    return fail(fs::os_error("link", show(path), errno));
  return {};
}

}  // namespace cudaenv
