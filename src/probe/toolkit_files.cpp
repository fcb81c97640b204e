#include "probe/toolkit_files.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace cudaenv::probe {

namespace {

// "libnvrtc.so" or "libnvrtc.so.12", but not "libnvrtc.so.12.bak".
bool is_library(const char* entry, const char* name) {
  const auto size = std::strlen(name);
  if (std::strncmp(entry, name, size) != 0) return false;
  if (entry[size] == '\0') return true;
  return entry[size] == '.' && entry[size + 1] != '\0' && std::strspn(entry + size, ".0123456789") == std::strlen(entry + size);
}

bool better(const char* candidate, const char* best, std::size_t bare) {
  const auto size = std::strlen(candidate), best_size = std::strlen(best);
  if (best_size == 0 || best_size == bare) return size >= best_size;
  return size > bare && (size < best_size || (size == best_size && std::strcmp(candidate, best) > 0));
}

}  // namespace

Path find_library(const char* toolkit, const char* name) {
  Path path;
  for (const char* folder : library_folders) {
    char place[3800];
    std::snprintf(place, sizeof place, "%s/%s", toolkit, folder);
    DIR* stream = opendir(place);
    if (stream == nullptr) continue;
    char best[256] = {};
    while (const dirent* entry = readdir(stream))
      if (is_library(entry->d_name, name) && better(entry->d_name, best, std::strlen(name)))
        std::snprintf(best, sizeof best, "%s", entry->d_name);
    closedir(stream);
    if (best[0] == '\0') continue;
    std::snprintf(path.text, sizeof path.text, "%s/%s", place, best);
    return path;
  }
  return path;
}

Path find_tool(const char* toolkit, const char* name) {
  Path path;
  std::snprintf(path.text, sizeof path.text, "%s/bin/%s", toolkit, name);
  if (access(path.text, X_OK) != 0) path.text[0] = '\0';
  return path;
}

}  // namespace cudaenv::probe
