// Text in fixed buffers: paths that are built up, and the one message a failing shim prints.
#pragma once

#include <cstdint>
#include <string_view>

namespace cudaenv::shim {

/// A path with its NUL. What does not fit (PATH_MAX) makes it `overlong`; it is never cut and used.
class Path {
 public:
  // Not initialised on purpose: touching four kilobytes of stack costs a page fault.
  Path() { clear(); }  // NOLINT
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  void clear() { cut(0), overlong_ = false; }
  void cut(std::size_t size) { size_ = size, data_[size] = '\0'; }
  void append(std::string_view text);
  void append(std::uint32_t number);
  /// Resolves `.`, `..` and double slashes by the text alone.
  void normalise();
  /// Removes the last part: `/a/b` becomes `/a`, `/a` becomes `/`.
  void to_parent();

  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] const char* c_str() const { return data_; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool overlong() const { return overlong_; }
  static constexpr std::size_t capacity = 4095;

 private:
  std::size_t size_;
  bool overlong_;
  char data_[capacity + 1];
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
