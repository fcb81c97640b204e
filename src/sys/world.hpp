// Everything a command may ask of the process it runs in, taken once in main. Nobody else calls
// getenv, getcwd, isatty or time (a test greps for it).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv {

/// The environment as it was when the process began. An empty variable counts as unset.
class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// True for "1", "true", "yes", "on".
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

enum class ColorChoice { automatic, always, never };

/// Where everything of ours lies. DESIGN section 3; CUDAENV_ROOT, CUDAENV_CACHE, CUDAENV_CONFIG, XDG_*.
struct Paths {
  std::string root;         // everything installed
  std::string cache;        // downloads, indexes, verdicts
  std::string config_file;  // the user's configuration; may not exist
  std::string program;      // real path of this executable
  std::string libexec;      // cudaenv-shim, cudaenv-probe, cudaenv-io.so
  std::string share;        // manifests/, shell/
};

struct World {
  Environment env;
  std::string cwd;   // logical ($PWD) where it is the same folder, else physical; empty when deleted
  std::string home;  // $HOME, else the password database; may be empty
  Paths paths;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  unsigned columns = 80;
  bool color = false;  // decided by --color, NO_COLOR, CLICOLOR_FORCE, terminal
  bool quiet = false;
  bool verbose = false;
  bool json = false;
  bool offline = false;  // CUDAENV_OFFLINE
  unsigned cores = 1;
  std::uint32_t user = 0;  // effective user id

  /// Seconds since 1970, for records; and a clock that never jumps, for durations.
  [[nodiscard]] std::int64_t now() const;
  [[nodiscard]] std::chrono::steady_clock::time_point ticks() const { return std::chrono::steady_clock::now(); }
};

/// Reads the process's surroundings. Fails only when neither CUDAENV_ROOT nor a home is known.
[[nodiscard]] Result<World> make_world(char** environment);

}  // namespace cudaenv
