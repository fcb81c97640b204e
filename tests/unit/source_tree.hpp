// The source tree as text, for the tests that keep its rules (layers_test, lint_test).
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace source_tree {

struct SourceFile {
  std::string path;  // relative to the repository: "src/cli/help.cpp"
  std::string text;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Every regular file below `folder` of the repository whose name ends in one of `endings`, sorted by path.
inline std::vector<SourceFile> files_below(const std::string& folder, const std::vector<std::string_view>& endings) {
  namespace stdfs = std::filesystem;
  const stdfs::path top = CUDAENV_SOURCE_DIR;
  std::vector<SourceFile> files;
  if (!stdfs::exists(top / folder)) return files;
  for (const auto& entry : stdfs::recursive_directory_iterator(top / folder)) {
    const std::string path = entry.path().lexically_relative(top).string();
    const bool wanted = endings.empty() || std::any_of(endings.begin(), endings.end(),
                                                       [&](std::string_view ending) { return path.ends_with(ending); });
    if (entry.is_regular_file() && wanted) files.push_back({path, read_text(entry.path())});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

inline std::vector<SourceFile> cpp_files(const std::string& folder) {
  return files_below(folder, {".cpp", ".hpp", ".h", ".c"});
}

/// The code alone: comments and the insides of string and character literals become spaces, lines stay.
inline std::string code_only(std::string_view text) {
  std::string out(text);
  enum class In { code, line_comment, block_comment, string, character } in = In::code;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escaped = c == '\\';
    switch (in) {
      case In::code:
        if (c == 'R' && next == '"') {  // raw string: R"tag( ... )tag"
          const auto open = text.find('(', i);
          if (open == std::string_view::npos) return out;
          const auto end = std::string(")") + std::string(text.substr(i + 2, open - i - 2)) + "\"";
          const auto close = std::min(text.find(end, open), text.size());
          for (std::size_t j = open; j < close; ++j)
            if (out[j] != '\n') out[j] = ' ';
          i = close + end.size() - 1;
        } else if (c == '/' && next == '/') in = In::line_comment;
        else if (c == '/' && next == '*') in = In::block_comment;
        else if (c == '"') in = In::string;
        else if (c == '\'' && (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0)) in = In::character;
        break;
      case In::line_comment:
        if (c == '\n') in = In::code;
        else out[i] = ' ';
        break;
      case In::block_comment:
        if (c == '*' && next == '/') in = In::code, out[i] = ' ', out[++i] = ' ';
        else if (c != '\n') out[i] = ' ';
        break;
      case In::string:
      case In::character:
        if (c == (in == In::string ? '"' : '\'')) { in = In::code; break; }
        if (c != '\n') out[i] = ' ';
        if (escaped && next != '\n' && i + 1 < out.size()) out[++i] = ' ';
        break;
    }
  }
  return out;
}

/// 1-based line of `offset`.
inline long line_of(std::string_view text, std::size_t offset) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
}

}  // namespace source_tree
