// The way from the working directory upwards, over the folders that may hold a `.cudaenv`.
#pragma once

#include "process.hpp"
#include "text.hpp"

namespace cudaenv::shim {

/// Two spellings of one walk. Where $PWD says nothing else than the kernel (nearly always), files are asked for
/// by `../../.cudaenv`: half the price of a path from the root. Where the working directory was reached over a
/// link, the parents are those of the link, as the hook and the manager see them, and paths are absolute.
class Walk {
 public:
  /// The folder's path is kept in `room`.
  Walk(const Process& process, Room& room);

  /// False where there is no folder to begin with: the working directory was deleted or cannot be seen.
  [[nodiscard]] bool begun() const { return begun_; }
  /// Goes one folder up; false at `/`, at the home folder, and (absolute spelling) at a file-system boundary.
  [[nodiscard]] bool up();
  /// The path of this folder's `.cudaenv` as the kernel is asked for it. Valid until the next call.
  [[nodiscard]] const char* file();
  /// The same for people.
  [[nodiscard]] std::string_view named_file();
  /// Are this folder and all between it and the working directory on one file system? Asked only about a
  /// folder that has a file, because it costs a system call for every level.
  [[nodiscard]] bool on_one_file_system() const;

 private:
  bool find_start(const Process& process);
  std::string_view home_;
  Path here_;  // with room for "/.cudaenv" behind it
  std::size_t level_ = 0;
  std::size_t size_ = 0;  // of the folder's path in here_
  bool relative_ = false;
  bool begun_ = false;
  kernel::Status start_{};
};

}  // namespace cudaenv::shim
