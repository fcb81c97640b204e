// Text in fixed buffers: paths that are built up, and the one message a failing shim prints.
#pragma once

#include <cstdint>
#include <string_view>

namespace cudaenv::shim {

/// A path with its NUL, written at the free end of a Room. What does not fit (PATH_MAX) makes it `overlong`;
/// it is never cut and used.
class Path {
 public:
  Path() = default;
  Path(char* data, std::size_t capacity) : data_(data), capacity_(capacity) { cut(0); }

  void cut(std::size_t size) { size_ = size, data_[size] = '\0'; }
  Path& append(std::string_view text);
  Path& append(std::uint32_t number);
  /// Resolves `.`, `..` and double slashes by the text alone.
  Path& normalise();
  /// Removes the last part: `/a/b` becomes `/a`, `/a` becomes `/`.
  void to_parent();

  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] const char* c_str() const { return data_; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool overlong() const { return overlong_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // without the NUL
  bool overlong_ = false;
};

/// The memory of a run, used from its beginning without gaps: every page of stack that is touched costs a page
/// fault, about as much as a system call and a half, so buffers of their own would cost more than the search.
class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  /// A new path at the free end. Only one thing is at the free end at a time, until it is kept.
  [[nodiscard]] Path path() { return {data_ + used_, least(4095, sizeof data_ - used_ - 1)}; }
  /// The free end itself, for at most `size` bytes, aligned for any number.
  [[nodiscard]] char* bytes(std::size_t& size) {
    const std::size_t begin = (used_ + 7) & ~std::size_t{7};
    size = least(size, sizeof data_ - begin);
    return data_ + begin;
  }
  std::string_view keep(const Path& path) { return keep(path.view()); }
  /// `text` lies at the free end, with one byte after it to spare.
  std::string_view keep(std::string_view text) {
    used_ = static_cast<std::size_t>(text.data() - data_) + text.size() + 1;
    return text;
  }

 private:
  static std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
  std::size_t used_ = 0;
  alignas(8) char data_[96 * 1024];  // a `.cudaenv` of 64 KiB and eight paths
};

/// Up to four kilobytes for standard error, written by one call so that the lines of parallel jobs do not mix.
class Message {
 public:
  Message& operator<<(std::string_view text);
  Message& operator<<(std::uint32_t number);
  /// Text from outside: control characters as \xNN, so that no file name plays with the terminal.
  Message& quote(std::string_view text);
  void print();

 private:
  std::size_t size_ = 0;
  char data_[4096];
};

}  // namespace cudaenv::shim
