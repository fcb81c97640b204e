#include "cli/slow_note.hpp"

#include <system_error>

#include "cli/output.hpp"

namespace cudaenv::cli {

SlowNote::SlowNote(const World& world, std::string text, std::chrono::milliseconds after) : text_(std::move(text)) {
  if (!world.err_is_terminal || world.quiet) return;
  // One line, so that it can be taken away.
  if (text_.size() >= world.columns) text_.resize(world.columns > 1 ? world.columns - 1 : 0);
  try {
    thread_ = std::thread([this, after] { wait_and_show(after); });
  } catch (const std::system_error&) {  // no thread to be had: then nothing is said
  }
}

void SlowNote::wait_and_show(std::chrono::milliseconds after) {
  std::unique_lock held(lock_);
  if (ended_.wait_for(held, after, [this] { return over_; })) return;
  shown_ = true;
  print_progress(text_);
}

SlowNote::~SlowNote() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard held(lock_);
    over_ = true;
  }
  ended_.notify_one();
  thread_.join();
  if (shown_) print_progress("\r\x1b[K");
}

}  // namespace cudaenv::cli
