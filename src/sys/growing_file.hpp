// A file that is written at its end by one process at a time, over several runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace cudaenv {

/// Holds a kernel lock on the file itself, freed by close or death. Errors are Code::io with the path.
class GrowingFile {
 public:
  /// Opens or creates `path` and locks it; nullopt while another process (or object) holds it.
  [[nodiscard]] static Result<std::optional<GrowingFile>> open(const std::string& path);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  /// Throws the content away.
  [[nodiscard]] Result<void> clear();
  /// Hands the content over in order, 1 MiB at a time.
  [[nodiscard]] Result<void> read(const std::function<void(std::span<const std::byte>)>& take) const;
  /// Gives the file its final name, replacing what was there. The lock stays with the file.
  [[nodiscard]] Result<void> move_to(const std::string& path);

 private:
  GrowingFile(Fd fd, std::string path, std::uint64_t size) : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  Fd fd_;
  std::string path_;
  std::uint64_t size_;
};

}  // namespace cudaenv
