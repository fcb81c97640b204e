// A word on the terminal about what takes its time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "sys/world.hpp"

namespace cudaenv::cli {

/// Shows `text` on standard error once `after` has passed, and takes it away when it goes out of scope. Nothing where
/// standard error is no terminal, under --quiet, or when it goes before that.
class SlowNote {
 public:
  SlowNote(const World& world, std::string text, std::chrono::milliseconds after = std::chrono::milliseconds(500));
  ~SlowNote();
  SlowNote(const SlowNote&) = delete;
  SlowNote& operator=(const SlowNote&) = delete;

 private:
  void wait_and_show(std::chrono::milliseconds after);

  std::string text_;
  std::mutex lock_;
  std::condition_variable ended_;
  bool over_ = false, shown_ = false;
  std::thread thread_;
};

}  // namespace cudaenv::cli
