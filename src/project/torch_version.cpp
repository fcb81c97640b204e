#include "project/torch_version.hpp"

#include "base/text.hpp"
#include "model/version.hpp"
#include "sys/fs.hpp"

namespace cudaenv::project {

namespace {
constexpr std::uint64_t max_bytes = 64 * 1024;
}

std::optional<std::string> torch_cuda(std::string_view version_py) {
  for (auto line : split(version_py, '\n')) {
    line = trim(line);
    if (!line.starts_with("cuda")) continue;
    auto rest = trim(line.substr(4));
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos || (equals != 0 && !rest.starts_with(':'))) continue;
    rest = trim(rest.substr(equals + 1));
    if (rest.size() < 3 || (rest.front() != '\'' && rest.front() != '"') || rest.back() != rest.front()) continue;
    const auto text = rest.substr(1, rest.size() - 2);
    if (Version version; parse_version(text, version)) return std::string(text);
  }
  return std::nullopt;
}

Result<std::optional<TorchFound>> find_torch(const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes) {
    if (!prefix.starts_with('/')) continue;
    const auto lib = fs::join(prefix, "lib");
    const auto names = fs::list(lib);
    if (!names) continue;
    for (const auto& name : *names) {
      if (!name.starts_with("python3")) continue;
      const auto file = fs::join(lib, name + "/site-packages/torch/version.py");
      if (!fs::exists(file)) continue;
      return TorchFound{file, torch_cuda(TRY(fs::read_file(file, max_bytes)))};
    }
  }
  return std::optional<TorchFound>{};
}

}  // namespace cudaenv::project
