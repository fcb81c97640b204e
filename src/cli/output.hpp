// The only place that writes to the terminal. Reports go to standard output, everything else to standard
// error; --quiet silences notes, --json turns reports and errors into one object.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sys/world.hpp"

namespace cudaenv::cli {

/// Standard output, as it is. A closed pipe ends the process quietly.
void print(std::string_view text);
void print_line(std::string_view text);
/// The one JSON object of a command; "schema": 1 is added in front.
void print_json(nlohmann::json object);
/// Standard error, unless --quiet: progress in words, hints, decisions.
void note(const World& world, std::string_view text);
/// Standard error, as it is: bars and cursor movements of a terminal.
void print_progress(std::string_view text);
/// Standard error, even under --quiet.
void warn(const World& world, std::string_view text);
/// `cudaenv: error: …`, `caused by: …`, `hint: …`, or the JSON form on standard output.
void print_error(const World& world, const Error& error);

/// Columns separated by two spaces, each as wide as its widest cell. Empty cells are kept.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

enum class Style { plain, bold, dim, red, green, yellow };
/// `text` in a style when world.color, else as it is.
[[nodiscard]] std::string styled(const World& world, Style style, std::string_view text);

}  // namespace cudaenv::cli
