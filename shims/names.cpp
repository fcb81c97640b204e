// Which installed toolkit a spec means: the same rule as the manager's (model/spec).
#include "session.hpp"

#ifndef CUDAENV_SYSTEM_TOOLKIT
#define CUDAENV_SYSTEM_TOOLKIT "/usr/local/cuda"
#endif

namespace cudaenv::shim {

namespace {

std::string_view choose_name(Session& session) {
  if (session.spec.kind == VersionSpec::Kind::name) return session.spec.text;
  Version best;
  Path name = session.room.path();  // each_name is done with the free end before it visits
  each_name(session, [&](std::string_view candidate) {
    Version version;
    if (!parse_version(candidate, version) || !matches(session.spec, version)) return;
    if (name.size() != 0 && !chosen_before(version, candidate, best, name.view())) return;
    best = version;
    name.cut(0);
    name.append(candidate);
  });
  return name.size() == 0 ? std::string_view() : session.room.keep(name);
}

// Where names/<name> leads: `../toolkits/<id>`, or anywhere for a toolkit that was linked.
bool resolve_name(Session& session) {
  Path& toolkit = session.toolkit = session.room.path();
  toolkit.append(session.root).append("/names/");
  const std::size_t names = toolkit.size();
  toolkit.append(session.name);
  if (toolkit.overlong()) return false;
  // The target is read behind the path it will replace.
  char* target = toolkit.data() + toolkit.size() + 1;
  const std::size_t space = toolkit.capacity() - toolkit.size();
  const long size = kernel::read_link(toolkit.c_str(), target, space);
  if (size == -EINVAL) return true;  // a folder of that name
  if (size <= 0 || static_cast<std::size_t>(size) >= space) return false;
  toolkit.cut(*target == '/' ? 0 : names);
  for (const char* c = target; c != target + size; ++c) toolkit.append({c, 1});
  toolkit.normalise();
  return !toolkit.overlong();
}

// /usr/local/cuda is a link that changes over time; what runs, and what a compiler cache sees, is its target.
bool resolve_system(Session& session) {
  const long folder = kernel::open_folder(CUDAENV_SYSTEM_TOOLKIT);
  if (folder < 0) return false;
  Path self = session.room.path();
  self.append("/proc/self/fd/").append(static_cast<std::uint32_t>(folder));
  session.room.keep(self);
  Path& toolkit = session.toolkit = session.room.path();
  const long size = kernel::read_link(self.c_str(), toolkit.data(), toolkit.capacity());
  if (size > 0)
    toolkit.cut(static_cast<std::size_t>(size));
  else
    toolkit.append(CUDAENV_SYSTEM_TOOLKIT);
  kernel::close(folder);
  return true;
}

}  // namespace

bool find_toolkit(Session& session) {
  session.name = {};
  if (session.spec.kind == VersionSpec::Kind::system) return resolve_system(session);
  session.name = choose_name(session);
  return !session.name.empty() && resolve_name(session);
}

}  // namespace cudaenv::shim
