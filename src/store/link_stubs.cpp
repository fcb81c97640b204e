#include "store/link_stubs.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t header_max_bytes = 8 << 20;

bool word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Comments become one space, so that "::cuInit()" in a manual is not a declaration.
std::string without_comments(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.starts_with("/*")) {
      const auto end = text.find("*/", 2);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
      out += ' ';
    } else if (text.starts_with("//")) {
      text.remove_prefix(std::min(text.size(), text.find('\n')));
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

bool function_name(std::string_view text, std::string_view prefix) {
  return text.size() > prefix.size() && text.starts_with(prefix) && text[prefix.size()] >= 'A' &&
         text[prefix.size()] <= 'Z' && std::all_of(text.begin(), text.end(), word);
}

std::string_view take_word(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && word(text[size])) ++size;
  const auto out = text.substr(0, size);
  text.remove_prefix(size);
  return out;
}

// `#define cuMemAlloc cuMemAlloc_v2`, `#define cuMemcpy __CUDA_API_PTDS(cuMemcpy)`.
void read_define(std::string_view line, std::string_view prefix, std::vector<std::string>& out) {
  line = trim(line.substr(1));
  if (!line.starts_with("define ")) return;
  line = trim(line.substr(7));
  if (!function_name(take_word(line), prefix)) return;
  line = trim(line);
  const auto first = take_word(line);
  if (function_name(first, prefix) && line.empty()) return out.emplace_back(first), void();
  if (!line.starts_with('(') || !line.ends_with(')')) return;
  const auto inner = trim(line.substr(1, line.size() - 2));
  if (!function_name(inner, prefix)) return;
  out.emplace_back(inner);
  // The names of the per-thread default stream (CUDA_API_PER_THREAD_DEFAULT_STREAM).
  if (first.ends_with("PTDS")) out.push_back(std::string(inner) + "_ptds");
  if (first.ends_with("PTSZ")) out.push_back(std::string(inner) + "_ptsz");
}

// `CUresult CUDAAPI cuInit(unsigned int Flags);`: a name before a parenthesis, but not a pointer's in a typedef.
void read_declarations(std::string_view line, std::string_view prefix, std::vector<std::string>& out) {
  char previous = ' ';
  while (!line.empty()) {
    if (!word(line.front())) {
      if (line.front() != ' ' && line.front() != '\t') previous = line.front();
      line.remove_prefix(1);
      continue;
    }
    const auto name = take_word(line);
    const auto after = trim(line);
    const bool called = after.starts_with('(') && !trim(after.substr(1)).starts_with('*');  // not `cuType (*argument)(...)`
    if (function_name(name, prefix) && called && previous != '(' && previous != ',' && previous != '=')
      out.emplace_back(name);
    previous = 'w';
  }
}

Result<std::vector<std::string>> functions_of(const std::string& tree, std::string_view prefix,
                                              const std::vector<std::string_view>& headers) {
  std::vector<std::string> functions;
  for (const auto header : headers) {
    const auto path = fs::join(fs::join(tree, "include"), header);
    if (!fs::exists(path)) continue;
    const auto found = declared_functions(TRY(fs::read_file(path, header_max_bytes)), prefix);
    functions.insert(functions.end(), found.begin(), found.end());
  }
  return functions;
}

struct Driver {
  std::string_view file, soname, prefix, header;
  std::vector<std::string_view> more_headers;
  int answer;
};

}  // namespace

std::vector<std::string> declared_functions(std::string_view header, std::string_view prefix) {
  std::vector<std::string> out;
  const auto text = without_comments(header);
  for (const auto line : split(text, '\n')) {
    const auto content = trim(line);
    if (content.starts_with('#'))
      read_define(content, prefix, out);
    else
      read_declarations(content, prefix, out);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<std::vector<std::string>> write_link_stubs(const std::string& tree, Platform platform) {
  const std::array<Driver, 2> drivers{{{"libcuda.so", "libcuda.so.1", "cu", "cuda.h",
                                        {"cudaGL.h", "cudaEGL.h", "cudaVDPAU.h", "cudaProfiler.h"}, cuda_stub_answer},
                                       {"libnvidia-ml.so", "libnvidia-ml.so.1", "nvml", "nvml.h", {}, nvml_stub_answer}}};
  std::vector<std::string> written;
  for (const auto& driver : drivers) {
    const auto inside = "lib/stubs/" + std::string(driver.file);
    const auto path = fs::join(tree, inside);
    if (fs::exists(path) || !fs::exists(tree + "/include/" + std::string(driver.header))) continue;
    auto headers = driver.more_headers;
    headers.push_back(driver.header);
    // nvmlErrorString returns text: a number there would crash the program that prints it.
    StubLibrary library{std::string(driver.soname), TRY(functions_of(tree, driver.prefix, headers)), driver.answer,
                        {"nvmlErrorString"}, "this is a link stub, not the driver's library"};
    TRY(fs::make_folders(fs::parent(path)));
    TRY(fs::write_new_file(path, build_stub(library, platform), 0444));
    written.push_back(inside);
  }
  return written;
}

}  // namespace cudaenv::store
