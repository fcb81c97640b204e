// Real data that is not part of the repository: $CUDAENV_SHARED, else `shared` beside the source folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace shared_data {

/// The folder `name` of the shared data; empty, and said so, where there is none.
inline std::string folder(const std::string& name) {
  const char* given = std::getenv("CUDAENV_SHARED");
  const auto top = given ? std::filesystem::path(given) : std::filesystem::path(CUDAENV_SOURCE_DIR) / ".." / "shared";
  if (std::filesystem::is_directory(top / name)) return (top / name).string();
  std::cout << "skipped: no folder `" << name << "` of real data (set CUDAENV_SHARED)\n";
  return {};
}

}  // namespace shared_data
