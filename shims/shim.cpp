// cudaenv-shim: one program behind the name of every CUDA tool. It finds out which toolkit is asked for
// here and becomes the tool of that toolkit. It never installs, never downloads, and never takes another
// toolkit than the one that was asked for.
#include "explain.hpp"
#include "session.hpp"

namespace cudaenv::shim {

namespace {

constexpr char deepest = '8';

// CUDAENV_SHIM_DEPTH: how many shims stand above this process. Anything but one digit is not ours and counts as none.
char depth_above(const Process& process) {
  const auto depth = process.variable("CUDAENV_SHIM_DEPTH");
  return depth.size() == 1 && depth[0] >= '0' && depth[0] <= deepest ? depth[0] : '0';
}

struct Additions {
  char depth[sizeof "CUDAENV_SHIM_DEPTH=0"] = "CUDAENV_SHIM_DEPTH=0";
  char toolkit[sizeof "CUDAENV_TOOLKIT=" + 128] = "CUDAENV_TOOLKIT=";
  char* list[4] = {depth, nullptr, nullptr, nullptr};

  explicit Additions(const Session& session) {
    depth[sizeof depth - 2] = static_cast<char>(depth_above(session.process) + 1);
    if (session.chooser != Chooser::argument) return;
    // So that a tool which starts another tool by name stays in the toolkit of its `+SPEC`.
    std::size_t size = sizeof "CUDAENV_TOOLKIT=" - 1;
    for (const char c : session.spec.text) toolkit[size++] = c;  // parse_spec allows 128 characters
    toolkit[size] = '\0';
    list[1] = toolkit;
  }
};

// What the driver or an installed torch decides, only the manager can find out: it runs the tool.
int ask_manager(Session& session) {
  Path manager = session.room.path();
  session.room.keep(manager.append(session.root).append("/libexec/cudaenv"));
  Path spec = session.room.path();
  session.room.keep(spec.append("+").append(session.spec.text));
  std::size_t count = 0;
  while (session.process.arguments[count] != nullptr) ++count;
  auto** arguments = static_cast<char**>(__builtin_alloca((count + 6) * sizeof(char*)));
  char run_word[] = "run";
  char dashes[] = "--";
  std::size_t size = 0;
  for (char* word : {manager.data(), run_word, spec.data(), dashes, const_cast<char*>(session.tool.data())})
    arguments[size++] = word;
  for (std::size_t i = session.chooser == Chooser::argument ? 2 : 1; i < count; ++i)
    arguments[size++] = session.process.arguments[i];
  arguments[size] = nullptr;
  Process process = session.process;
  process.arguments = arguments;
  const long error = become(process, manager.data(), 0, Additions(session).list);
  if (error == -ENOENT || error == -ENOTDIR) return explain_no_manager(session, manager.view());
  return explain_not_run(session, manager.view(), error);
}

int run_tool(Session& session) {
  const int skipped = session.chooser == Chooser::argument ? 1 : 0;
  const Additions additions(session);
  Path& program = session.toolkit;
  const std::size_t toolkit = program.size();
  long error = 0;
  // cicc lives in nvvm/bin.
  for (const std::string_view folder : {std::string_view("/bin/"), std::string_view("/nvvm/bin/")}) {
    program.cut(toolkit);
    program.append(folder).append(session.tool);
    error = program.overlong() ? -ENAMETOOLONG : become(session.process, program.data(), skipped, additions.list);
    kernel::Status status{};
    // A script or program whose interpreter is missing answers ENOENT too.
    if ((error != -ENOENT && error != -ENOTDIR) || kernel::status(program.c_str(), status) == 0) break;
  }
  const std::string_view tried = session.room.keep(program);
  program = session.room.path();
  program.append(tried.substr(0, toolkit));
  return explain_not_run(session, tried, error);
}

}  // namespace

int run(const Process& process) {
  Session session(process);
  if (session.tool.empty() || session.tool == "cudaenv-shim") return explain_itself();
  if (process.secure) return explain_privileged(session);
  if (const int status = find_root(session); status != 0) return status;
  if (const int status = select(session); status != 0) return status;
  if (depth_above(process) == deepest) return explain_recursion(session, "8");
  if (session.chooser == Chooser::nobody) return explain_nobody_chose(session);
  if (session.spec.kind == VersionSpec::Kind::driver || session.spec.kind == VersionSpec::Kind::torch)
    return ask_manager(session);
  if (!find_toolkit(session)) return explain_no_toolkit(session);
  return run_tool(session);
}

}  // namespace cudaenv::shim
