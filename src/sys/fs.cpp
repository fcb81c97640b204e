#include "sys/fs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys/fd.hpp"

namespace cudaenv::fs {

namespace {

Status to_status(const struct stat& raw) {
  Status status;
  status.type = S_ISREG(raw.st_mode)   ? Type::file
                : S_ISDIR(raw.st_mode) ? Type::folder
                : S_ISLNK(raw.st_mode) ? Type::link
                                       : Type::other;
  status.mode = raw.st_mode & 07777U;
  status.size = static_cast<std::uint64_t>(raw.st_size);
  status.device = raw.st_dev;
  status.inode = raw.st_ino;
  status.owner = raw.st_uid;
  status.links = raw.st_nlink;
  status.mtime_ns = static_cast<std::int64_t>(raw.st_mtim.tv_sec) * 1'000'000'000 + raw.st_mtim.tv_nsec;
  return status;
}

Result<Status> stat_with(const std::string& path, int flags) {
  struct stat raw{};
  if (::fstatat(AT_FDCWD, path.c_str(), &raw, flags) == 0) return to_status(raw);
  if (errno == ENOENT || errno == ENOTDIR) return Status{};
  return fail(os_error("look at", path, errno));
}

}  // namespace

Error os_error(std::string_view verb, std::string_view path, int number) {
  auto error = make_error(Code::io, "cannot " + std::string(verb) + " `" + std::string(path) + "`", std::strerror(number));
  if (number == ENOSPC || number == EDQUOT) error.hint = "cudaenv prune";
  if (number == EROFS || number == EACCES) error.hint = "export CUDAENV_ROOT=/a/folder/you/may/write";
  return error;
}

Result<Status> status(const std::string& path) { return stat_with(path, AT_SYMLINK_NOFOLLOW); }
Result<Status> status_of_target(const std::string& path) { return stat_with(path, 0); }

bool exists(const std::string& path) {
  struct stat raw{};
  return ::lstat(path.c_str(), &raw) == 0;
}

bool may_read_and_write(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0;
}

Result<std::string> read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const auto n = ::readlink(path.c_str(), target.data(), target.size());
  if (n < 0) return fail(os_error("read the link", path, errno));
  target.resize(static_cast<std::size_t>(n));
  return target;
}

Result<std::string> real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return fail(os_error("resolve", path, errno));
  std::string out(resolved);
  std::free(resolved);
  return out;
}

Result<void> make_folders(const std::string& path, std::uint32_t mode) {
  if (path.empty() || path == "/") return {};
  if (::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT) {
    TRY(make_folders(parent(path), mode));
    if (::mkdir(path.c_str(), mode) == 0) return {};
  }
  const int number = errno;
  struct stat raw{};
  if (number == EEXIST && ::stat(path.c_str(), &raw) == 0 && S_ISDIR(raw.st_mode)) return {};
  return fail(os_error("create the folder", path, number));
}

Result<std::string> make_temp_folder(const std::string& parent, std::string_view prefix) {
  auto name = join(parent, prefix) + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return fail(os_error("create a folder in", parent, errno));
  return name;
}

Result<std::vector<std::string>> list(const std::string& path) {
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) {
    if (errno == ENOENT) return std::vector<std::string>{};
    return fail(os_error("list", path, errno));
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

Result<void> remove_below(int parent_fd, const std::string& name, const std::string& shown) {
  if (::unlinkat(parent_fd, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  struct stat raw{};
  if (::fstatat(parent_fd, name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0) return fail(os_error("remove", shown, errno));
  if (!S_ISDIR(raw.st_mode)) return fail(os_error("remove", shown, EACCES));
  Fd fd(::openat(parent_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail(os_error("remove", shown, errno));
  if ((raw.st_mode & S_IWUSR) == 0 && ::fchmod(fd.get(), 0700) != 0) return fail(os_error("remove", shown, errno));
  DIR* folder = ::fdopendir(::dup(fd.get()));
  if (folder == nullptr) return fail(os_error("remove", shown, errno));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view child = entry->d_name;
    if (child != "." && child != "..") names.emplace_back(child);
  }
  ::closedir(folder);
  for (const auto& child : names) TRY(remove_below(fd.get(), child, join(shown, child)));
  if (::unlinkat(parent_fd, name.c_str(), AT_REMOVEDIR) != 0) return fail(os_error("remove", shown, errno));
  return {};
}

}  // namespace

Result<void> remove_tree(const std::string& path) {
  if (!exists(path)) return {};
  return remove_below(AT_FDCWD, path, path);
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(os_error("remove", path, errno));
}

Result<void> hard_link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  return fail(os_error("link", to, errno));
}

Result<bool> rename_noreplace(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST || errno == ENOTEMPTY) return false;
  if (errno != ENOSYS && errno != EINVAL) return fail(os_error("move into place", to, errno));
  // An old kernel or file system: rename never replaces a folder that has content, which ours have.
  if (exists(to)) return false;
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EEXIST || errno == ENOTEMPTY) return false;
  return fail(os_error("move into place", to, errno));
}

Result<void> rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail(os_error("move into place", to, errno));
}

Result<void> set_mode(const std::string& path, std::uint32_t mode) {
  if (::chmod(path.c_str(), mode) == 0) return {};
  return fail(os_error("set the mode of", path, errno));
}

Result<void> sync_file_system(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(os_error("sync", path, errno));
  if (::syncfs(fd.get()) == 0) return {};
  if (errno != ENOSYS) return fail(os_error("sync", path, errno));
  ::sync();
  return {};
}

Result<void> sync_folder(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(os_error("sync", path, errno));
  // Some network file systems cannot sync a folder and say EINVAL; there is nothing more to do then.
  if (::fsync(fd.get()) == 0 || errno == EINVAL) return {};
  return fail(os_error("sync", path, errno));
}

Result<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs raw{};
  if (::statvfs(path.c_str(), &raw) != 0) return fail(os_error("look at", path, errno));
  return static_cast<std::uint64_t>(raw.f_bavail) * raw.f_frsize;
}

Result<std::vector<Entry>> walk(const std::string& root, std::size_t max) {
  std::vector<Entry> entries;
  std::vector<std::string> pending{""};
  while (!pending.empty()) {
    const auto folder = std::move(pending.back());
    pending.pop_back();
    for (const auto& name : TRY(list(folder.empty() ? root : join(root, folder)))) {
      Entry entry{folder.empty() ? name : join(folder, name), {}, {}};
      const auto full = join(root, entry.path);
      entry.status = TRY(status(full));
      if (entry.status.type == Type::link) entry.target = TRY(read_link(full));
      if (entry.status.type == Type::folder) pending.push_back(entry.path);
      entries.push_back(std::move(entry));
      if (entries.size() > max) return fail(Code::io, "cannot walk `" + root + "`", "it has too many entries");
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

std::string join(std::string_view a, std::string_view b) {
  std::string out(a);
  if (!out.ends_with('/')) out += '/';
  return out += b;
}

std::string parent(std::string_view path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string base_name(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace cudaenv::fs
