// A regular file read at any place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace cudaenv {

class RandomFile {
 public:
  /// Code::io when it is not there, not readable, or not a regular file.
  [[nodiscard]] static Result<RandomFile> open(const std::string& path);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Fills all of `out` from `offset` on; past the end is Code::io.
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  RandomFile(Fd fd, std::string path, std::uint64_t size) : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  Fd fd_;
  std::string path_;
  std::uint64_t size_;
};

}  // namespace cudaenv
