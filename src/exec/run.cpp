#include "exec/run.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/process.hpp"

namespace cudaenv::exec {

Error become(const std::vector<std::string>& command, const std::map<std::string, std::string, std::less<>>& environment) {
  const auto& name = command.front();
  std::string program = name;
  if (name.find('/') == std::string::npos) {
    const auto path = environment.find("PATH");
    program = find_in_path(name, path == environment.end() ? std::string_view() : std::string_view(path->second));
    if (program.empty())
      return make_error(Code::not_found, fmt::format("cannot run `{}`", printable(name)), "there is no such command in PATH");
  }
  return exec_replace(program, {command.begin() + 1, command.end()}, environment);
}

}  // namespace cudaenv::exec
