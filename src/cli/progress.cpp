#include "cli/progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "cli/output.hpp"

namespace cudaenv::cli {

namespace {

constexpr std::size_t shown_bars = 8;
constexpr auto redraw_interval = std::chrono::milliseconds(100);

std::string padded(std::string text, std::size_t width) {
  if (text.size() > width) return text.substr(0, width);
  return text.append(width - text.size(), ' ');
}

std::string bar_of(std::uint64_t done, std::uint64_t total, std::size_t width) {
  if (total == 0) return std::string(width, '.');
  const auto filled = std::min<std::size_t>(width, static_cast<std::size_t>(static_cast<double>(done) /
                                                                            static_cast<double>(total) * static_cast<double>(width)));
  return std::string(filled, '#') + std::string(width - filled, '-');
}

std::string clock_text(double seconds) {
  std::array<char, 32> text{};
  const auto whole = static_cast<long>(seconds + 0.5);
  std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
  return text.data();
}

std::string total_line(const DownloadView& view) {
  const auto done = view.done(), total = view.total();
  std::string text = "total  " + human_bytes(done);
  if (total != 0) text += " of " + human_bytes(total);
  if (view.seconds < 0.2) return text;
  const double rate = static_cast<double>(done) / view.seconds;
  text += "  " + human_bytes(static_cast<std::uint64_t>(rate)) + "/s";
  if (total > done && rate > 1) text += "  " + clock_text(static_cast<double>(total - done) / rate) + " left";
  return text;
}

}  // namespace

std::uint64_t DownloadView::done() const {
  std::uint64_t sum = 0;
  for (const auto& bar : bars) sum += bar.done;
  return sum;
}

std::uint64_t DownloadView::total() const {
  std::uint64_t sum = 0;
  for (const auto& bar : bars) {
    if (bar.total == 0) return 0;
    sum += bar.total;
  }
  return sum;
}

std::vector<std::string> draw(const DownloadView& view, unsigned columns, std::size_t rows) {
  std::vector<std::string> lines;
  const std::size_t width = std::max(40U, columns) - 1;
  const std::size_t label = std::min<std::size_t>(32, width / 3);
  for (const auto& bar : view.bars) {
    if (bar.done == 0 || (bar.total != 0 && bar.done >= bar.total) || lines.size() == rows) continue;
    const auto bytes = bar.total == 0 ? human_bytes(bar.done) : human_bytes(bar.done) + " / " + human_bytes(bar.total);
    const std::size_t rest = width > label + 26 ? width - label - 26 : 4;
    lines.push_back(padded(bar.label, label) + " [" + bar_of(bar.done, bar.total, rest) + "] " + bytes);
  }
  lines.push_back(total_line(view));
  for (auto& line : lines) line = line.substr(0, width);
  return lines;
}

void ProgressPrinter::note(std::string_view line) {
  if (active_) erase();
  cli::note(world_, line);
}

void ProgressPrinter::begin_downloads(const std::vector<Artifact>& artifacts) {
  view_ = {};
  for (const auto& artifact : artifacts)
    view_.bars.push_back({artifact.component + " " + artifact.version, 0, artifact.size});
  begun_ = drawn_ = world_.ticks();
  active_ = true;
}

void ProgressPrinter::downloaded(std::size_t index, std::uint64_t done) {
  if (!active_ || index >= view_.bars.size()) return;
  auto& bar = view_.bars[index];
  const bool whole = bar.total != 0 && done >= bar.total && bar.done < bar.total;
  bar.done = done;
  if (world_.quiet) return;
  if (!world_.err_is_terminal) {
    if (whole) cli::note(world_, "downloaded " + bar.label + " (" + human_bytes(bar.total) + ")");
    return;
  }
  if (world_.ticks() - drawn_ >= redraw_interval) redraw(false);
}

void ProgressPrinter::end_downloads() {
  if (!active_) return;
  active_ = false;
  if (!world_.quiet && world_.err_is_terminal) redraw(true);
}

void ProgressPrinter::redraw(bool last) {
  drawn_ = world_.ticks();
  view_.seconds = std::chrono::duration<double>(drawn_ - begun_).count();
  erase();
  const auto lines = draw(view_, world_.columns, shown_bars);
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  print_progress(text);
  lines_ = last ? 0 : lines.size();
}

void ProgressPrinter::erase() {
  if (lines_ == 0) return;
  print_progress("\x1b[" + std::to_string(lines_) + "F\x1b[J");
  lines_ = 0;
}

}  // namespace cudaenv::cli
