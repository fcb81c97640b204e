// The file system. Every function gives an Error with the path and the system's reason; no function
// follows more than it says. Paths are absolute unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::fs {

/// errno as an Error: "cannot <verb> `<path>`" with the system's sentence as cause. ENOSPC, EDQUOT,
/// EACCES, EROFS get a hint. Code is io.
[[nodiscard]] Error os_error(std::string_view verb, std::string_view path, int number);

enum class Type : std::uint8_t { missing, file, folder, link, other };
struct Status {
  Type type = Type::missing;
  std::uint32_t mode = 0;  // permission bits
  std::uint64_t size = 0;
  std::uint64_t device = 0, inode = 0;
  std::uint32_t owner = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t links = 0;  // names of this inode
};
/// lstat. A missing path is a Status of Type::missing, not an error.
[[nodiscard]] Result<Status> status(const std::string& path);
/// stat: follows links.
[[nodiscard]] Result<Status> status_of_target(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);  // lstat succeeds
/// May this process, by its effective user, open `path` for reading and writing? Nothing is opened.
[[nodiscard]] bool may_read_and_write(const std::string& path);

/// The whole of a regular file, at most `max` bytes; a FIFO, device, folder or longer file is an error.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::uint64_t max);
/// Hands the whole of a regular file over in order, 1 MiB at a time.
[[nodiscard]] Result<void> read_blocks(const std::string& path, const std::function<void(std::span<const std::byte>)>& take);
/// At most `size` bytes from `offset`; fewer at the end of the file, none beyond it. Regular files only.
[[nodiscard]] Result<std::string> read_at(const std::string& path, std::uint64_t offset, std::size_t size);
/// Have two regular files the same bytes? Reads them in pieces.
[[nodiscard]] Result<bool> same_content(const std::string& a, const std::string& b);
/// Copies a regular file to a path that must not exist, with `mode` whatever the umask. Not synced.
[[nodiscard]] Result<void> copy_file(const std::string& from, const std::string& to, std::uint32_t mode);
/// Writes a file that must not exist, with `mode` whatever the umask. Not synced: for trees still being staged.
[[nodiscard]] Result<void> write_new_file(const std::string& path, std::string_view content, std::uint32_t mode);
/// A symbolic link that must not exist.
[[nodiscard]] Result<void> make_link(const std::string& target, const std::string& path);
/// Writes beside the target, fsyncs, renames over it, fsyncs the folder. Never leaves half a file.
[[nodiscard]] Result<void> write_file_atomic(const std::string& path, std::string_view content, std::uint32_t mode = 0644);
/// A symbolic link put in place by rename, replacing what was there.
[[nodiscard]] Result<void> link_atomic(const std::string& target, const std::string& path);
[[nodiscard]] Result<std::string> read_link(const std::string& path);
[[nodiscard]] Result<std::string> real_path(const std::string& path);

[[nodiscard]] Result<void> make_folders(const std::string& path, std::uint32_t mode = 0755);
/// A fresh empty folder `<parent>/<prefix>XXXXXX`.
[[nodiscard]] Result<std::string> make_temp_folder(const std::string& parent, std::string_view prefix);
/// Names in a folder, without `.` and `..`, sorted. A missing folder is an empty list.
[[nodiscard]] Result<std::vector<std::string>> list(const std::string& path);
/// Removes a tree without following links; folders without write permission are opened first.
[[nodiscard]] Result<void> remove_tree(const std::string& path);
[[nodiscard]] Result<void> remove_file(const std::string& path);  // missing is fine
[[nodiscard]] Result<void> hard_link(const std::string& from, const std::string& to);
/// renameat2(RENAME_NOREPLACE), with a tested fallback. False: the target exists already.
[[nodiscard]] Result<bool> rename_noreplace(const std::string& from, const std::string& to);
[[nodiscard]] Result<void> rename(const std::string& from, const std::string& to);
[[nodiscard]] Result<void> set_mode(const std::string& path, std::uint32_t mode);
[[nodiscard]] Result<void> sync_file_system(const std::string& path);  // syncfs of the file system that holds path
[[nodiscard]] Result<void> sync_folder(const std::string& path);
/// Bytes an unprivileged process may still write on the file system that holds `path`.
[[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path);

/// One entry of a walk; `path` is relative to the root of the walk, folders come before their content.
struct Entry {
  std::string path;
  Status status;
  std::string target;  // of a link
};
/// Every entry below `root`, sorted by path, links not followed. At most `max` entries, else an error.
[[nodiscard]] Result<std::vector<Entry>> walk(const std::string& root, std::size_t max = 2'000'000);

/// "a/b" joined with one slash; no normalising.
[[nodiscard]] std::string join(std::string_view a, std::string_view b);
[[nodiscard]] std::string parent(std::string_view path);
[[nodiscard]] std::string base_name(std::string_view path);

}  // namespace cudaenv::fs
