#include "sys/program.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"

namespace cudaenv {

Error cannot_run(const std::string& program, int number) {
  const bool missing = number == ENOENT || number == ENOTDIR;
  return make_error(missing ? Code::not_found : Code::io, "cannot run `" + printable(program) + "`",
                    missing ? "there is no such program" : std::strerror(number));
}

Result<std::string> resolve_program(const std::string& program,
                                    const std::map<std::string, std::string, std::less<>>& environment) {
  if (program.empty()) return fail(cannot_run(program, ENOENT));
  if (program.find('/') != std::string::npos) return program;
  const auto path = environment.find("PATH");
  auto found = find_in_path(program, path == environment.end() ? std::string_view() : path->second);
  if (found.empty()) return fail(Code::not_found, "cannot run `" + printable(program) + "`", "it is not in PATH");
  return found;
}

void restore_signals() {
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Error exec_replace(const std::string& program, const std::vector<std::string>& arguments,
                   const std::map<std::string, std::string, std::less<>>& environment) {
  auto path = resolve_program(program, environment);
  if (!path) return std::move(path).error();
  const Prepared prepared(*path, program, arguments, environment);
  restore_signals();
  ::execve(prepared.path.c_str(), prepared.argv.data(), prepared.envp.data());
  return cannot_run(program, errno);
}

std::string find_in_path(std::string_view name, std::string_view path) {
  if (name.empty() || name.find('/') != std::string_view::npos) return {};
  for (const auto folder : split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    auto candidate = fs::join(folder, name);
    struct stat raw{};
    if (::stat(candidate.c_str(), &raw) == 0 && S_ISREG(raw.st_mode) && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return {};
}

}  // namespace cudaenv
