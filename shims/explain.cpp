#include "explain.hpp"

namespace cudaenv::shim {

namespace {

struct ToolComponent {
  std::string_view tool, component;
};
// Made of tools.toml by CMakeLists.txt.
constexpr ToolComponent tool_components[] = {
#include "tool_components.inc"
};

std::string_view component_of(std::string_view tool) {
  for (const auto& entry : tool_components)
    if (entry.tool == tool) return entry.component;
  return {};
}

Message& begin(Message& message, const Session& session) {
  message << "cudaenv: error: cannot run `";
  return message.quote(session.tool) << "`: ";
}

int finish(Message& message, Exit status) {
  message << "\n";
  message.print();
  return status;
}

void append_chooser(Message& message, const Session& session) {
  message << " (set by ";
  switch (session.chooser) {
    case Chooser::argument:
      message << "`+" << session.spec.text << "`";
      break;
    case Chooser::variable:
      message << "$CUDAENV_TOOLKIT";
      break;
    case Chooser::file:
      message.quote(session.file) << ":" << session.line;
      break;
    case Chooser::fallback:
      message << "the default, ", message.quote(session.file) << ":" << session.line;
      break;
    case Chooser::nobody:
      message << "nobody";
      break;
  }
  message << ")";
}

// A range holds characters that mean something to a shell.
void append_spec(Message& message, const VersionSpec& spec) {
  const bool range = spec.kind == VersionSpec::Kind::range;
  message << (range ? "'" : "") << spec.text << (range ? "'" : "");
}

bool has_tool(Session& session, std::string_view name) {
  for (const std::string_view folder : {std::string_view("/bin/"), std::string_view("/nvvm/bin/")}) {
    Path program = session.room.path();
    program.append(session.root).append("/names/").append(name).append(folder).append(session.tool);
    kernel::Status status{};
    if (kernel::status(program.c_str(), status) == 0) return true;
  }
  return false;
}

// ", 13.0.2": the installed toolkits, or those with this tool; at most twenty of them.
int append_names(Message& message, Session& session, std::string_view lead, bool with_tool) {
  int count = 0;
  each_name(session, [&](std::string_view name) {
    if (count >= 20 || (with_tool && (name == session.name || !has_tool(session, name)))) return;
    message << (count++ == 0 ? lead : std::string_view(", "));
    message.quote(name);
  });
  return count;
}

struct ErrorText {
  long error;
  std::string_view text;
};
constexpr ErrorText error_texts[] = {{ENOENT, "no such file, or its interpreter is missing"},
                                     {EACCES, "permission denied"},
                                     {ENOEXEC, "not a program of this machine"},
                                     {E2BIG, "the arguments are too long"},
                                     {ENOMEM, "out of memory"},
                                     {ETXTBSY, "it is being written"},
                                     {ELOOP, "a loop of links"},
                                     {ENAMETOOLONG, "the path is too long"},
                                     {EISDIR, "it is a folder"}};

void append_error(Message& message, long error) {
  for (const auto& entry : error_texts)
    if (entry.error == error) {
      message << entry.text;
      return;
    }
  message << "error " << static_cast<std::uint32_t>(error);
}

// The newest installed version, as `latest` would choose; empty where there is none.
bool newest(Session& session) {
  session.spec = VersionSpec{};
  session.spec.kind = VersionSpec::Kind::latest;
  return find_toolkit(session);
}

}  // namespace

int explain_itself() {
  Message message;
  message << "cudaenv-shim " CUDAENV_VERSION
             ": runs a CUDA tool of the toolkit that is asked for here. It is called by the tool's name, as nvcc for "
             "example.\n"
             "hint: cudaenv which nvcc";
  return finish(message, exit_usage);
}

int explain_privileged(const Session& session) {
  Message message;
  begin(message, session) << "this process runs with another user's rights than its environment's owner";
  return finish(message, exit_cannot_run);
}

int explain_recursion(const Session& session, std::string_view depth) {
  Message message;
  begin(message, session) << "shims called each other " << depth << " times: a wrapper named `";
  message.quote(session.tool) << "` in PATH or in the toolkit calls that name again and meets the shim each time";
  append_chooser(message, session);
  message << "\nhint: cudaenv which ";
  message.quote(session.tool);
  return finish(message, exit_cannot_run);
}

int explain_no_root() {
  Message message;
  message << "cudaenv: error: cannot tell where toolkits are: neither CUDAENV_ROOT nor HOME is set\n"
             "hint: export CUDAENV_ROOT=/an/absolute/path";
  return finish(message, exit_config);
}

int explain_bad_root(std::string_view root) {
  Message message;
  message << "cudaenv: error: cannot use $CUDAENV_ROOT: `";
  message.quote(root) << "` is not an absolute path\nhint: export CUDAENV_ROOT=/an/absolute/path";
  return finish(message, exit_config);
}

int explain_bad_wish(std::string_view text, Chooser by, const char* reason) {
  Message message;
  message << "cudaenv: error: cannot use " << (by == Chooser::argument ? "`+" : "$CUDAENV_TOOLKIT `");
  message.quote(text) << "`: " << reason << "\nhint: cudaenv list";
  return finish(message, by == Chooser::argument ? exit_usage : exit_config);
}

int explain_bad_file(const Session& session, std::string_view why, long error) {
  Message message;
  message << "cudaenv: error: cannot use `";
  message.quote(session.file) << "`: " << why;
  if (error != 0) message << ": ", append_error(message, error);
  return finish(message, exit_config);
}

int explain_malformed(const Session& session, const PinError& where) {
  Message message;
  message << "cudaenv: error: cannot read `";
  message.quote(session.file) << ":" << where.line << ":" << where.column << "`: " << where.reason;
  return finish(message, exit_config);
}

void warn_foreign(std::string_view file, std::uint32_t owner) {
  Message message;
  message << "cudaenv: warning: `";
  message.quote(file) << "` is ignored: it belongs to user " << owner << "\n";
  message.print();
}

int explain_nobody_chose(Session& session) {
  Message message;
  begin(message, session) << "no toolkit is chosen here: no `.cudaenv`, no $CUDAENV_TOOLKIT, no default";
  if (append_names(message, session, "; installed: ", false) == 0) {
    message << "\nhint: cudaenv install latest && cudaenv global latest";
  } else {
    const std::string_view name = newest(session) ? session.name : "SPEC";
    message << "\nhint: cudaenv local " << name << "    # for this folder; `cudaenv global " << name
            << "` for every folder";
  }
  return finish(message, exit_missing);
}

int explain_no_toolkit(Session& session) {
  Message message;
  begin(message, session) << "toolkit `" << session.spec.text << "` is not installed";
  append_chooser(message, session);
  append_names(message, session, "; installed: ", false);
  message << "\nhint: ";
  switch (session.spec.kind) {
    case VersionSpec::Kind::name:
      message << "cudaenv link PATH " << session.spec.text;
      break;
    case VersionSpec::Kind::system:
      message << "cudaenv list    # `system` is the toolkit in /usr/local/cuda";
      break;
    default:
      message << "cudaenv install ", append_spec(message, session.spec);
      break;
  }
  return finish(message, exit_missing);
}

int explain_no_manager(const Session& session, std::string_view manager) {
  Message message;
  begin(message, session) << "only the manager can tell what `" << session.spec.text << "` is here";
  append_chooser(message, session);
  message << ", and `";
  message.quote(manager) << "` is missing\nhint: cudaenv run +" << session.spec.text << " -- ";
  message.quote(session.tool);
  return finish(message, exit_missing);
}

int explain_not_run(Session& session, std::string_view program, long error) {
  Message message;
  kernel::Status status{};
  const bool there = kernel::status(program.data(), status) == 0;
  begin(message, session);
  if (there || (error != -ENOENT && error != -ENOTDIR)) {
    message << "`";
    message.quote(program) << "`: ";
    append_error(message, -error);
    append_chooser(message, session);
    message << "\nhint: cudaenv which ";
    message.quote(session.tool);
    return finish(message, exit_cannot_run);
  }
  const std::string_view name = session.name.empty() ? session.spec.text : session.name;
  const bool whole = kernel::status(session.toolkit.c_str(), status) == 0;
  message << "toolkit `" << name << (whole ? "` does not have it" : "` has lost its folder");
  append_chooser(message, session);
  append_names(message, session, "; it is in ", true);
  const auto component = component_of(session.tool);
  Version version;
  message << "\nhint: ";
  if (parse_version(name, version) && (!whole || !component.empty())) {
    message << "cudaenv install " << name;
    if (whole) message << " --with " << component;
  } else {
    message << "cudaenv whence ";
    message.quote(session.tool);
  }
  return finish(message, exit_missing);
}

}  // namespace cudaenv::shim
