// Which installed toolkit a spec means: the same rule as the manager's (model/spec).
#include "session.hpp"

#ifndef CUDAENV_SYSTEM_TOOLKIT
#define CUDAENV_SYSTEM_TOOLKIT "/usr/local/cuda"
#endif

namespace cudaenv::shim {

namespace {

void remember(Session& session, std::string_view name) {
  std::size_t size = 0;
  for (const char c : name) session.name[size++] = c;  // a name is at most 255 bytes: it came from a folder or a spec
  session.name[size] = '\0';
}

bool choose_name(Session& session) {
  session.name[0] = '\0';
  if (session.spec.kind == VersionSpec::Kind::name) return remember(session, session.spec.text), true;
  Version best;
  each_name(session, [&](std::string_view name) {
    Version version;
    if (!parse_version(name, version) || !matches(session.spec, version)) return;
    if (session.name[0] != '\0' && !chosen_before(version, name, best, session.name)) return;
    best = version;
    remember(session, name);
  });
  return session.name[0] != '\0';
}

// Where names/<name> leads: `../toolkits/<id>`, or anywhere for a toolkit that was linked.
bool resolve_name(Session& session) {
  Path& toolkit = session.toolkit;
  toolkit.append(session.root.view());
  toolkit.append("/names/");
  const std::size_t names = toolkit.size();
  toolkit.append(session.name);
  char target[Path::capacity];
  const long size = kernel::read_link(toolkit.c_str(), target, sizeof target);
  if (size == -EINVAL) return true;  // a folder of that name
  if (size <= 0 || size == sizeof target) return false;
  toolkit.cut(target[0] == '/' ? 0 : names);
  toolkit.append({target, static_cast<std::size_t>(size)});
  toolkit.normalise();
  return !toolkit.overlong();
}

// /usr/local/cuda is a link that changes over time; what runs, and what a compiler cache sees, is its target.
bool resolve_system(Session& session) {
  session.name[0] = '\0';
  session.toolkit.append(CUDAENV_SYSTEM_TOOLKIT);
  const long folder = kernel::open_folder(session.toolkit.c_str());
  if (folder < 0) return false;
  Path self;
  self.append("/proc/self/fd/");
  self.append(static_cast<std::uint32_t>(folder));
  const long size = kernel::read_link(self.c_str(), session.toolkit.data(), Path::capacity);
  if (size > 0) session.toolkit.cut(static_cast<std::size_t>(size));
  kernel::close(folder);
  return true;
}

}  // namespace

bool find_toolkit(Session& session) {
  session.toolkit.clear();
  if (session.spec.kind == VersionSpec::Kind::system) return resolve_system(session);
  return choose_name(session) && resolve_name(session);
}

}  // namespace cudaenv::shim
