// A folder whose content is made by paths relative to it, and nothing outside it can be reached: no link is
// followed on the way, whoever put it there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace cudaenv {

/// A file that was just made and is being filled.
class NewFile {
 public:
  NewFile(Fd fd, std::string shown) : fd_(std::move(fd)), shown_(std::move(shown)) {}
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  /// Some file systems report a full disk or quota only now.
  [[nodiscard]] Result<void> close();

 private:
  Fd fd_;
  std::string shown_;
};

/// Paths are relative and clean (`a/b`); one with `..` or an empty component is refused. Parents must exist.
/// Nothing is ever replaced: an existing name is an error. Modes are exact, whatever the umask.
class ConfinedFolder {
 public:
  enum class How { openat2, step_by_step };
  /// `openat2` where the kernel has it (Linux 5.6) and no filter forbids it, else each component in turn.
  [[nodiscard]] static Result<ConfinedFolder> open(const std::string& path, How how = How::openat2);

  [[nodiscard]] Result<void> make_folder(const std::string& path);
  /// `size`: how much will come, so that a full disk is noticed at once; 0: not known.
  [[nodiscard]] Result<NewFile> make_file(const std::string& path, std::uint32_t mode, std::uint64_t size = 0);
  [[nodiscard]] Result<void> make_link(const std::string& target, const std::string& path);
  [[nodiscard]] Result<void> make_hard_link(const std::string& existing, const std::string& path);

 private:
  ConfinedFolder(Fd root, std::string shown, How how) : root_(std::move(root)), shown_(std::move(shown)), how_(how) {}
  /// The descriptor of a path's parent and the last component. Valid until the next call.
  struct Place {
    int parent;
    std::string name;
  };
  [[nodiscard]] Result<Place> place(const std::string& path);
  [[nodiscard]] Result<Fd> open_folder(const std::string& path);
  [[nodiscard]] std::string show(const std::string& path) const { return shown_ + "/" + path; }

  Fd root_;
  std::string shown_;
  How how_;
  std::string last_path_;  // the parent used last: archives come folder by folder
  Fd last_;
};

}  // namespace cudaenv
