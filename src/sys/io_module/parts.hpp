// The three parts of the module, one third-party library each.
#pragma once

#include <memory>
#include <string>

#include "sys/net.hpp"

namespace cudaenv {

[[nodiscard]] std::unique_ptr<Http> make_http();
[[nodiscard]] std::unique_ptr<Sha256> make_sha256();
[[nodiscard]] Result<std::unique_ptr<ArchiveReader>> open_reader(const std::string& path);

}  // namespace cudaenv
