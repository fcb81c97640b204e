// What one run of a shim knows: gathered by select and names, spoken about by explain.
#pragma once

#include "model/pinfile.hpp"
#include "process.hpp"
#include "text.hpp"

namespace cudaenv::shim {

/// Exit statuses of the shim itself (README); everything else is the tool's.
enum Exit : int { exit_usage = 2, exit_config = 3, exit_cannot_run = 126, exit_missing = 127 };

/// Who chose the toolkit, strongest first.
enum class Chooser : std::uint8_t { argument, variable, file, fallback, nobody };

struct Session {
  explicit Session(const Process& from) : process(from), tool(from.tool()) {}

  const Process& process;
  std::string_view tool;  // followed by a NUL, as every text here
  std::string_view root;
  std::string_view file;   // the `.cudaenv` or the default that chose, or that cannot be used
  std::uint32_t line = 0;  // of `file`
  Chooser chooser = Chooser::nobody;
  VersionSpec spec;
  std::string_view name;  // the entry of names/ that was chosen; empty for system
  Path toolkit;           // its folder, absolute; at the free end of `room`
  Room room;
};

/// Each of these answers 0, or has printed why not and answers an exit status.

/// Sets root: $CUDAENV_ROOT, else $XDG_DATA_HOME/cudaenv, else $HOME/.local/share/cudaenv.
[[nodiscard]] int find_root(Session& session);
/// Sets chooser, spec, line and file, by the precedence of DESIGN section 4.
[[nodiscard]] int select(Session& session);
/// The nearest `.cudaenv` from the working directory upwards; chooser stays as it is where there is none
/// or where it names no toolkit.
[[nodiscard]] int select_from_project(Session& session);
/// Reads and parses `path`, which messages call session.file; sets chooser, spec and line. A file of another
/// user is refused unless `stranger_allowed`.
[[nodiscard]] int read_choice(Session& session, const char* path, Chooser by, bool stranger_allowed);

/// Sets name and toolkit to the newest installed one that `spec` matches; false where there is none.
[[nodiscard]] bool find_toolkit(Session& session);

/// Calls `visit(name)` for every entry of names/. `visit` may use the room, but must leave it as it was.
template <class Visit>
void each_name(Session& session, Visit visit) {
  struct Entry {  // struct linux_dirent64
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[1];
  };
  const long folder = kernel::open_folder(session.room.path().append(session.root).append("/names").c_str());
  if (folder < 0) return;
  alignas(Entry) char buffer[1024];
  for (long size = 0; (size = kernel::read_folder(folder, buffer, sizeof buffer)) > 0;)
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->size;
      if (entry->name[0] != '.') visit(std::string_view(entry->name));
    }
  kernel::close(folder);
}

}  // namespace cudaenv::shim
