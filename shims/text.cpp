#include "text.hpp"

#include "kernel.hpp"

namespace cudaenv::shim {

namespace {

struct Digits {
  char data[10];
  std::size_t begin = sizeof data;
  explicit Digits(std::uint32_t number) {
    do data[--begin] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
  }
  [[nodiscard]] std::string_view view() const { return {data + begin, sizeof data - begin}; }
};

}  // namespace

Path& Path::append(std::string_view text) {
  if (text.size() > capacity_ - size_) {
    overlong_ = true;
    return *this;
  }
  for (const char c : text) data_[size_++] = c;
  data_[size_] = '\0';
  return *this;
}

Path& Path::append(std::uint32_t number) { return append(Digits(number).view()); }

void Path::to_parent() {
  while (size_ > 1 && data_[size_ - 1] != '/') --size_;
  cut(size_ > 1 ? size_ - 1 : size_);
}

Path& Path::normalise() {
  std::size_t to = 0;
  for (std::size_t from = 0; from < size_;) {
    while (from < size_ && data_[from] == '/') ++from;
    const std::size_t begin = from;
    while (from < size_ && data_[from] != '/') ++from;
    const std::string_view part(data_ + begin, from - begin);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      while (to != 0 && data_[--to] != '/') {
      }
      continue;
    }
    data_[to++] = '/';
    for (std::size_t i = begin; i < from; ++i) data_[to++] = data_[i];
  }
  if (to == 0) data_[to++] = '/';
  cut(to);
  return *this;
}

Message& Message::operator<<(std::string_view text) {
  for (const char c : text)
    if (size_ < sizeof data_ - 1) data_[size_++] = c;
  return *this;
}

Message& Message::operator<<(std::uint32_t number) { return *this << Digits(number).view(); }

Message& Message::quote(std::string_view text) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F)
      *this << std::string_view(&c, 1);
    else
      *this << "\\x" << std::string_view(&hexadecimal[byte >> 4U], 1) << std::string_view(&hexadecimal[byte & 15U], 1);
  }
  return *this;
}

void Message::print() {
  if (size_ == sizeof data_ - 1) data_[size_ - 1] = '\n';
  kernel::write(2, data_, size_);
  size_ = 0;
}

}  // namespace cudaenv::shim
