// What an install looks like: bars on a terminal, plain lines elsewhere, nothing under --quiet.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "app/install.hpp"

namespace cudaenv::cli {

/// How a set of downloads stands; kept apart from drawing so that it can be tested.
struct DownloadView {
  struct Bar {
    std::string label;
    std::uint64_t done = 0, total = 0;  // total 0: unknown
  };
  std::vector<Bar> bars;
  double seconds = 0;

  [[nodiscard]] std::uint64_t done() const;
  [[nodiscard]] std::uint64_t total() const;
};

/// The lines of a drawing `columns` wide: one bar for each download that runs, then the total with rate and
/// time left. At most `rows` bars; finished ones make room first.
[[nodiscard]] std::vector<std::string> draw(const DownloadView& view, unsigned columns, std::size_t rows);

class ProgressPrinter final : public app::InstallObserver {
 public:
  explicit ProgressPrinter(const World& world) : world_(world) {}
  ~ProgressPrinter() override { end_downloads(); }
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;

  void note(std::string_view line) override;
  void begin_downloads(const std::vector<Artifact>& artifacts) override;
  void downloaded(std::size_t index, std::uint64_t done) override;
  void end_downloads() override;

 private:
  void redraw(bool last);
  void erase();

  const World& world_;
  DownloadView view_;
  std::chrono::steady_clock::time_point begun_, drawn_;
  std::size_t lines_ = 0;  // of the drawing that stands on the terminal
  bool active_ = false;
};

}  // namespace cudaenv::cli
