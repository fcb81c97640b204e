#include "sys/world.hpp"

#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv {

namespace {

std::map<std::string, std::string, std::less<>> read_environment(char** environment) {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environment; entry != nullptr && *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='); equals != nullptr)
      variables.emplace(std::string(static_cast<const char*>(*entry), equals), equals + 1);
  return variables;
}

// Without `.`, `..` and empty parts: what the folders above it are can then be read off the text (POSIX, pwd -L).
bool plain(std::string_view path) {
  if (path == "/") return true;
  for (const auto part : split(path.substr(1), '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return true;
}

// $PWD keeps the links a person walked through, but only when it really is this folder.
std::string logical_cwd(const Environment& env) {
  struct stat here{}, named{};
  if (::stat(".", &here) != 0) return {};
  if (const auto pwd = env.get("PWD"); pwd && pwd->starts_with('/') && plain(*pwd) &&
                                       ::stat(pwd->c_str(), &named) == 0 && named.st_dev == here.st_dev &&
                                       named.st_ino == here.st_ino)
    return *pwd;
  std::string buffer(PATH_MAX, '\0');
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? std::string() : std::string(buffer.c_str());
}

std::string home_folder(const Environment& env) {
  if (const auto home = env.get("HOME"); home && home->starts_with('/')) return *home;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
}

// The XDG rule: a relative value is ignored.
std::string xdg(const World& world, std::string_view variable, const char* below_home) {
  if (const auto value = world.env.get(variable); value && value->starts_with('/')) return *value + "/cudaenv";
  return world.home.empty() ? std::string() : world.home + below_home + "/cudaenv";
}

Result<std::string> place(const World& world, std::string_view variable, std::string fallback) {
  if (const auto value = world.env.get(variable)) {
    if (!value->starts_with('/'))
      return fail(Code::config, "cannot use $" + std::string(variable), "`" + printable(*value) + "` is not an absolute path",
                  "export " + std::string(variable) + "=/an/absolute/path");
    if (value->find(':') != std::string::npos)
      return fail(Code::config, "cannot use $" + std::string(variable),
                  "`" + printable(*value) + "` has a colon, which PATH and LD_LIBRARY_PATH cannot carry");
    return *value;
  }
  return fallback;
}

Result<Paths> find_paths(const World& world) {
  Paths paths;
  paths.root = TRY(place(world, "CUDAENV_ROOT", xdg(world, "XDG_DATA_HOME", "/.local/share")));
  paths.cache = TRY(place(world, "CUDAENV_CACHE", xdg(world, "XDG_CACHE_HOME", "/.cache")));
  const auto config = xdg(world, "XDG_CONFIG_HOME", "/.config");
  paths.config_file = TRY(place(world, "CUDAENV_CONFIG", config.empty() ? config : config + "/config.toml"));
  if (paths.root.empty())
    return fail(Code::config, "cannot tell where toolkits go", "neither CUDAENV_ROOT nor HOME is set",
                "export CUDAENV_ROOT=/an/absolute/path");
  if (paths.cache.empty()) paths.cache = paths.root + "/cache";
  auto program = fs::real_path("/proc/self/exe");
  paths.program = program ? *program : std::string();
  const auto prefix = fs::parent(fs::parent(paths.program));
  paths.libexec = prefix + "/libexec/cudaenv";
  paths.share = prefix + "/share/cudaenv";
  return paths;
}

}  // namespace

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

bool Environment::flag(std::string_view name) const {
  const auto value = get(name);
  return value && (*value == "1" || *value == "true" || *value == "yes" || *value == "on");
}

std::int64_t World::now() const { return static_cast<std::int64_t>(std::time(nullptr)); }

Result<World> make_world(char** environment) {
  World world;
  world.env = Environment(read_environment(environment));
  world.cwd = logical_cwd(world.env);
  world.home = home_folder(world.env);
  world.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  world.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (world.err_is_terminal && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    world.columns = size.ws_col;
  world.offline = world.env.flag("CUDAENV_OFFLINE");
  world.cores = std::max(1U, std::thread::hardware_concurrency());
  world.user = ::geteuid();
  world.paths = TRY(find_paths(world));
  return world;
}

}  // namespace cudaenv
