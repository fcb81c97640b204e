#include "verify/libcuda_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::verify {

namespace {

constexpr std::uint64_t small_file = 64 * 1024;

std::string_view without_slash(std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  return folder;
}

// One word for a POSIX shell.
std::string quoted(const std::string& text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,=@%";
  if (text.find_first_not_of(plain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

LibcudaOrigin from_variable(const std::string& folder, const std::string& value) {
  std::vector<std::string> rest;
  bool named = false;
  for (const auto element : split(value, ':')) {
    if (without_slash(element) == folder) named = true;
    else if (!element.empty()) rest.emplace_back(element);
  }
  if (!named) return {};
  return {folder, "LD_LIBRARY_PATH names " + folder,
          rest.empty() ? "unset LD_LIBRARY_PATH" : "export LD_LIBRARY_PATH=" + quoted(join(rest, ":")), false};
}

// The file of the linker's configuration that has `folder` as a line.
std::string configured_by(const std::string& folder, const std::string& root) {
  const auto place = root + "/etc/ld.so.conf.d";
  auto names = fs::list(place);
  if (!names) return {};
  std::sort(names->begin(), names->end());
  for (const auto& name : *names) {
    const auto content = fs::read_file(fs::join(place, name), small_file);
    if (!content) continue;
    for (const auto line : split(*content, '\n'))
      if (without_slash(trim(line)) == folder) return "/etc/ld.so.conf.d/" + name;
  }
  return {};
}

bool is_default_folder(std::string_view folder) {
  return folder == "/lib" || folder == "/usr/lib" || folder == "/lib64" || folder == "/usr/lib64" ||
         (folder.ends_with("-linux-gnu") && (folder.starts_with("/lib/") || folder.starts_with("/usr/lib/")));
}

}  // namespace

LibcudaOrigin find_libcuda_origin(const Environment& env, std::string_view found, const std::string& root) {
  const auto slash = found.rfind('/');
  const auto folder = printable(slash == std::string_view::npos ? std::string_view() : found.substr(0, slash), 1024);
  if (env.get("CUDAENV_LIBCUDA")) return {folder, "CUDAENV_LIBCUDA names it", "unset CUDAENV_LIBCUDA", false};
  if (folder.empty()) return {};
  if (const auto value = env.get("LD_LIBRARY_PATH"))
    if (auto named = from_variable(folder, *value); !named.from.empty()) return named;
  if (const auto file = configured_by(folder, root); !file.empty() && !is_default_folder(folder))
    return {folder, fmt::format("{} names {}", file, folder),
            fmt::format("sudo sed -i '\\|^{}/*$|d' {} && sudo ldconfig", folder, printable(file)), false};
  if (is_default_folder(folder)) return {folder, "it is installed in " + folder, "sudo reboot", true};
  return {folder, "the linker's cache names " + folder, "ldconfig -p | grep libcuda", false};
}

}  // namespace cudaenv::verify
