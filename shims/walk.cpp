#include "walk.hpp"

namespace cudaenv::shim {

namespace {

constexpr std::string_view file_name = ".cudaenv";

// A path `level` folders up begins three bytes earlier for each: nothing is built on the way.
#define CUDAENV_UP_8 "../../../../../../../../"
#define CUDAENV_UP_64 \
  CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8 CUDAENV_UP_8
constexpr std::size_t most_levels = 64;
const char* up_to_file(std::size_t level) { return &CUDAENV_UP_64 ".cudaenv"[(most_levels - level) * 3]; }
const char* up_to_folder(std::size_t level) { return &CUDAENV_UP_64 "."[(most_levels - level) * 3]; }

bool same_folder(const kernel::Status& a, const kernel::Status& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::size_t depth_of(std::string_view path) {
  std::size_t depth = 0;
  for (const char c : path) depth += c == '/' ? 1 : 0;
  return depth;
}

}  // namespace

Walk::Walk(const Process& process, Room& room) : home_(process.variable("HOME")), here_(room.path()) {
  while (home_.size() > 1 && home_.ends_with('/')) home_.remove_suffix(1);
  begun_ = find_start(process);
  size_ = here_.size();
  here_.append("/").append(file_name);
  begun_ = begun_ && !here_.overlong();
  room.keep(here_);
}

bool Walk::find_start(const Process& process) {
  const long size = kernel::working_directory(here_.data(), here_.capacity());
  if (size <= 0 || *here_.data() != '/') return false;
  here_.cut(static_cast<std::size_t>(size) - 1);
  const auto pwd = process.variable("PWD");
  relative_ = depth_of(here_.view()) <= most_levels;
  if (pwd == here_.view() && relative_) return true;
  kernel::Status named{};
  if (kernel::status(".", start_) != 0) return false;
  if (!pwd.starts_with('/') || kernel::status(pwd.data(), named) != 0 || !same_folder(start_, named)) return true;
  const std::size_t physical = here_.size();
  Path logical(here_.data() + physical + 1, here_.capacity() - physical - 1);
  logical.append(pwd).normalise();
  // With `..` in it the text does not say what the folders above are (POSIX, pwd -L).
  if (logical.view() != pwd) return true;
  relative_ = false;
  here_.cut(0);
  here_.append(pwd);
  return true;
}

bool Walk::up() {
  here_.cut(size_);
  if (here_.view() == "/" || here_.view() == home_) return false;
  here_.to_parent();
  size_ = here_.size();
  ++level_;
  if (relative_) return true;
  kernel::Status folder{};
  return kernel::status(here_.c_str(), folder) == 0 && folder.st_dev == start_.st_dev;
}

const char* Walk::file() { return relative_ ? up_to_file(level_) : named_file().data(); }

std::string_view Walk::named_file() {
  here_.cut(size_);
  if (size_ != 1) here_.append("/");
  return here_.append(file_name).view();
}

bool Walk::on_one_file_system() const {
  if (!relative_ || level_ == 0) return true;
  kernel::Status below{};
  kernel::Status folder{};
  if (kernel::status(".", below) != 0) return false;
  for (std::size_t level = 1; level <= level_; ++level)
    if (kernel::status(up_to_folder(level), folder) != 0 || folder.st_dev != below.st_dev) return false;
  return true;
}

}  // namespace cudaenv::shim
