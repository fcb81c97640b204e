#include "cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace cudaenv::cli {

namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // nobody reads any more; SIGPIPE ends us before this where it is not ignored
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) ++width;
  }
  return width;
}

}  // namespace

void print(std::string_view text) { write_all(STDOUT_FILENO, text); }
void print_progress(std::string_view text) { write_all(STDERR_FILENO, text); }
void print_line(std::string_view text) { print(std::string(text) + "\n"); }

void print_json(nlohmann::json object) {
  nlohmann::ordered_json out;
  out["schema"] = 1;
  for (auto& [key, value] : object.items()) out[key] = value;
  print_line(out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void note(const World& world, std::string_view text) {
  if (!world.quiet) write_all(STDERR_FILENO, std::string(text) + "\n");
}

void warn(const World& world, std::string_view text) {
  write_all(STDERR_FILENO, styled(world, Style::yellow, "cudaenv: warning: ") + std::string(text) + "\n");
}

void print_error(const World& world, const Error& error) {
  if (world.json) {
    std::string cause;
    for (const auto& one : error.causes) cause += (cause.empty() ? "" : ": ") + one;
    nlohmann::json object;
    object["error"] = {{"code", code_name(error.code)}, {"exit", static_cast<int>(error.code)}, {"what", error.what},
                       {"cause", cause},                {"hint", error.hint}};
    print_json(std::move(object));
    return;
  }
  std::string text = styled(world, Style::red, "cudaenv: error: ") + error.what;
  for (const auto& cause : error.causes) text += ": " + cause;
  text += "\n";
  if (!error.hint.empty()) text += "hint: " + error.hint + "\n";
  write_all(STDERR_FILENO, text);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - shown_width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string styled(const World& world, Style style, std::string_view text) {
  if (!world.color || style == Style::plain) return std::string(text);
  constexpr std::string_view codes[] = {"", "1", "2", "31", "32", "33"};
  return "\x1b[" + std::string(codes[static_cast<std::size_t>(style)]) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace cudaenv::cli
