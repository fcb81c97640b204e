// Who chooses: `+SPEC`, $CUDAENV_TOOLKIT, the nearest `.cudaenv`, the user's default.
#include "explain.hpp"
#include "session.hpp"
#include "walk.hpp"

namespace cudaenv::shim {

namespace {

enum class Candidate { absent, regular, other_type, foreign };

// Looked at before it is opened: to open a device can do things.
Candidate look_at(const Process& process, const char* file, std::uint32_t& owner) {
  kernel::Status status{};
  if (kernel::link_status(file, status) != 0) return Candidate::absent;
  const auto foreign = [&] { return owner = status.st_uid, owner != process.user && owner != 0; };
  // Who may place a link may choose what is read, so both must be ours.
  if (foreign()) return Candidate::foreign;
  if (kernel::is_link(status)) {
    if (kernel::status(file, status) != 0) return Candidate::absent;
    if (foreign()) return Candidate::foreign;
  }
  return kernel::is_regular(status) ? Candidate::regular : Candidate::other_type;
}

int parse_wish(Session& session, std::string_view text, Chooser by) {
  const char* reason = "";
  if (!parse_spec(text, session.spec, reason)) return explain_bad_wish(text, by, reason);
  session.chooser = by;
  return 0;
}

int select_default(Session& session) {
  Path path = session.room.path();
  session.file = session.room.keep(path.append(session.root).append("/default"));
  kernel::Status status{};
  if (kernel::status(path.c_str(), status) != 0) return 0;
  if (!kernel::is_regular(status)) return explain_bad_file(session, "it is not a regular file");
  return read_choice(session, path.c_str(), Chooser::fallback, true);
}

}  // namespace

int find_root(Session& session) {
  const Process& process = session.process;
  Path path = session.room.path();
  if (const auto root = process.variable("CUDAENV_ROOT"); !root.empty()) {
    if (!root.starts_with('/')) return explain_bad_root(root);
    path.append(root);
  } else if (const auto data = process.variable("XDG_DATA_HOME"); data.starts_with('/')) {
    path.append(data).append("/cudaenv");
  } else if (const auto home = process.variable("HOME"); home.starts_with('/')) {
    path.append(home).append("/.local/share/cudaenv");
  } else {
    return explain_no_root();
  }
  path.normalise();
  session.root = session.room.keep(path);
  return 0;
}

int select(Session& session) {
  const char* first = session.process.arguments[1];
  if (first != nullptr && first[0] == '+' && first[1] != '\0') return parse_wish(session, first + 1, Chooser::argument);
  if (const auto wish = session.process.variable("CUDAENV_TOOLKIT"); !wish.empty())
    return parse_wish(session, wish, Chooser::variable);
  if (const int status = select_from_project(session); status != 0 || session.chooser != Chooser::nobody) return status;
  return select_default(session);
}

int select_from_project(Session& session) {
  Walk walk(session.process, session.room);
  if (!walk.begun()) return 0;
  do {
    std::uint32_t owner = 0;
    const Candidate candidate = look_at(session.process, walk.file(), owner);
    if (candidate == Candidate::absent) continue;
    if (!walk.on_one_file_system()) return 0;
    session.file = walk.named_file();
    if (candidate == Candidate::regular) return read_choice(session, walk.file(), Chooser::file, false);
    if (candidate == Candidate::other_type) return explain_bad_file(session, "it is not a regular file");
    warn_foreign(session.file, owner);
  } while (walk.up());
  return 0;
}

int read_choice(Session& session, const char* path, Chooser by, bool stranger_allowed) {
  kernel::Status status{};
  const long fd = kernel::open_to_read(path);
  if (fd < 0) return explain_bad_file(session, "it cannot be opened", -fd);
  if (kernel::status_of(fd, status) != 0 || !kernel::is_regular(status))
    return explain_bad_file(session, "it is not a regular file");
  if (!stranger_allowed && status.st_uid != 0 && status.st_uid != session.process.user)
    return explain_bad_file(session, "its owner changed");
  std::size_t space = pinfile_max_bytes + 2;
  char* text = session.room.bytes(space);
  std::size_t size = 0;
  while (size < space - 1) {
    const long got = kernel::read(fd, text + size, space - 1 - size);
    if (got < 0) return explain_bad_file(session, "it cannot be read", -got);
    size += static_cast<std::size_t>(got);
    if (got == 0 || size == static_cast<std::size_t>(status.st_size)) break;
  }
  kernel::close(fd);
  if (size > pinfile_max_bytes) return explain_bad_file(session, "it is larger than 64 KiB");
  session.room.keep(std::string_view(text, size));
  Pin pin;
  PinError where;
  if (!parse_pin({text, size}, pin, where)) return explain_malformed(session, where);
  if (pin.toolkit_line == 0) return 0;
  session.spec = pin.toolkit;
  session.line = pin.toolkit_line;
  session.chooser = by;
  return 0;
}

}  // namespace cudaenv::shim
