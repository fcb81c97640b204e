// Who chooses: `+SPEC`, $CUDAENV_TOOLKIT, the nearest `.cudaenv`, the user's default.
#include "explain.hpp"
#include "session.hpp"

namespace cudaenv::shim {

namespace {

bool ends_search(std::string_view folder, std::string_view home) {
  while (home.size() > 1 && home.ends_with('/')) home.remove_suffix(1);
  return folder == "/" || folder == home;
}

bool same_folder(const kernel::Status& a, const kernel::Status& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// $PWD keeps the links a person walked through, as the manager and the hook do, but only where it is this very folder.
bool find_working_directory(const Process& process, Path& out) {
  kernel::Status here{};
  kernel::Status named{};
  const auto pwd = process.variable("PWD");
  if (pwd.starts_with('/') && kernel::status(".", here) == 0 && kernel::status(pwd.data(), named) == 0 &&
      same_folder(here, named)) {
    out.append(pwd);
    out.normalise();
    return !out.overlong();
  }
  const long size = kernel::working_directory(out.data(), Path::capacity);
  if (size <= 0 || *out.data() != '/') return false;  // deleted, or outside of what this process may see
  out.cut(static_cast<std::size_t>(size) - 1);
  return true;
}

enum class Candidate { absent, regular, other_type, foreign };

// Looked at before it is opened: to open a device can do things.
Candidate look_at(const Process& process, const Path& file, std::uint32_t& owner) {
  kernel::Status status{};
  if (kernel::link_status(file.c_str(), status) != 0) return Candidate::absent;
  const auto foreign = [&] { return owner = status.st_uid, owner != process.user && owner != 0; };
  // Who may place a link may choose what is read, so both must be ours.
  if (foreign()) return Candidate::foreign;
  if (kernel::is_link(status)) {
    if (kernel::status(file.c_str(), status) != 0) return Candidate::absent;
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
  session.file.clear();
  session.file.append(session.root.view());
  session.file.append("/default");
  kernel::Status status{};
  if (kernel::status(session.file.c_str(), status) != 0) return 0;
  if (!kernel::is_regular(status)) return explain_bad_file(session, "it is not a regular file");
  return read_choice(session, Chooser::fallback, true);
}

}  // namespace

int find_root(Session& session) {
  const Process& process = session.process;
  if (const auto root = process.variable("CUDAENV_ROOT"); !root.empty()) {
    if (!root.starts_with('/')) return explain_bad_root(root);
    session.root.append(root);
  } else if (const auto data = process.variable("XDG_DATA_HOME"); data.starts_with('/')) {
    session.root.append(data);
    session.root.append("/cudaenv");
  } else if (const auto home = process.variable("HOME"); home.starts_with('/')) {
    session.root.append(home);
    session.root.append("/.local/share/cudaenv");
  } else {
    return explain_no_root();
  }
  session.root.normalise();
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
  Path& here = session.file;
  if (!find_working_directory(session.process, here)) return 0;
  const auto home = session.process.variable("HOME");
  kernel::Status folder{};
  if (kernel::status(here.c_str(), folder) != 0) return 0;
  for (const auto device = folder.st_dev;; here.to_parent()) {
    if (kernel::status(here.c_str(), folder) != 0 || folder.st_dev != device) return 0;
    const std::size_t size = here.size();
    const bool last = ends_search(here.view(), home);
    here.append(size == 1 ? ".cudaenv" : "/.cudaenv");
    std::uint32_t owner = 0;
    const Candidate candidate = look_at(session.process, here, owner);
    if (candidate == Candidate::regular) return read_choice(session, Chooser::file, false);
    if (candidate == Candidate::other_type) return explain_bad_file(session, "it is not a regular file");
    if (candidate == Candidate::foreign) warn_foreign(here.view(), owner);
    if (last) return 0;
    here.cut(size);
  }
}

int read_choice(Session& session, Chooser by, bool stranger_allowed) {
  kernel::Status status{};
  const long fd = kernel::open_to_read(session.file.c_str());
  if (fd < 0) return explain_bad_file(session, "it cannot be opened", -fd);
  if (kernel::status_of(fd, status) != 0 || !kernel::is_regular(status)) return explain_bad_file(session, "it is not a regular file");
  if (!stranger_allowed && status.st_uid != 0 && status.st_uid != session.process.user)
    return explain_bad_file(session, "its owner changed");
  std::size_t size = 0;
  while (size < sizeof session.text) {
    const long got = kernel::read(fd, session.text + size, sizeof session.text - size);
    if (got < 0) return explain_bad_file(session, "it cannot be read", -got);
    size += static_cast<std::size_t>(got);
    if (got == 0 || size == static_cast<std::size_t>(status.st_size)) break;
  }
  kernel::close(fd);
  if (size > pinfile_max_bytes) return explain_bad_file(session, "it is larger than 64 KiB");
  Pin pin;
  PinError where;
  if (!parse_pin({session.text, size}, pin, where)) return explain_malformed(session, where);
  if (pin.toolkit_line == 0) return 0;
  session.spec = pin.toolkit;
  session.line = pin.toolkit_line;
  session.chooser = by;
  return 0;
}

}  // namespace cudaenv::shim
