#include "project/pip_index.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/fs.hpp"
#include "sys/process.hpp"

namespace cudaenv::project {

namespace {

constexpr std::int64_t remembered_seconds = 24 * 60 * 60;
constexpr const char* no_pip_hint = "apt install python3-pip";

struct Remembered {
  std::string key;
  std::string url;
  std::string by;
  std::int64_t when = 0;
};

std::string remembered_file(const World& world) { return world.paths.cache + "/pip-index"; }

// Everything that decides pip's answer and can change from shell to shell.
std::string key_of(const World& world) {
  std::string key;
  for (const char* name : {"PIP_CONFIG_FILE", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_CONFIG_HOME", "PATH", "HOME"})
    key += fmt::format("{}={};", name, printable(world.env.get(name).value_or(""), 4096));
  return key;
}

std::optional<Remembered> recall(const World& world) {
  const auto text = fs::read_file(remembered_file(world), 64 * 1024);
  if (!text) return std::nullopt;
  const auto lines = split(*text, '\n');
  if (lines.size() < 4) return std::nullopt;
  const auto when = parse_u64(lines[3]);
  if (!when) return std::nullopt;
  Remembered out{std::string(lines[0]), std::string(lines[1]), std::string(lines[2]), static_cast<std::int64_t>(*when)};
  const auto age = world.now() - out.when;
  if (out.key != key_of(world) || age < 0 || age > remembered_seconds) return std::nullopt;
  return out;
}

void remember(const World& world, const Remembered& what) {
  // A cache that cannot be written costs the next call 0.3 s, nothing else.
  if (!fs::make_folders(world.paths.cache)) return;
  (void)fs::write_file_atomic(remembered_file(world), fmt::format("{}\n{}\n{}\n{}\n", what.key, what.url, what.by, what.when), 0600);
}

Result<ChildResult> ask_python(const World& world, std::vector<std::string> arguments) {
  ChildSpec child;
  child.program = "python3";
  child.arguments = std::move(arguments);
  child.environment = world.env.all();
  // In the project's folder `python3 -m pip` would import a pip.py of the repository.
  child.folder = "/";
  child.output_cap = 64 * 1024;
  return run_child(child);
}

bool ended_well(const ChildResult& child) { return child.end == ChildResult::End::exited && child.status == 0; }

std::optional<std::string> as_url(std::string_view text) {
  auto url = std::string(trim(text));
  const bool known = url.starts_with("https://") || url.starts_with("http://") || url.starts_with("file:///");
  if (!known || url.find_first_of(" \t\r\n") != std::string::npos) return std::nullopt;
  if (!url.ends_with('/')) url += '/';
  return url;
}

Result<Remembered> ask_pip(const World& world) {
  Remembered answer{key_of(world), {}, {}, world.now()};
  auto configured = ask_python(world, {"-m", "pip", "config", "get", "global.index-url"});
  if (!configured && configured.error().code == Code::not_found)
    return fail(Code::config, "cannot ask pip for its wheel index", "there is no python3 in PATH", no_pip_hint);
  if (!configured) return fail(std::move(configured).error().wrap("cannot ask pip for its wheel index"));
  if (ended_well(*configured))
    if (const auto url = as_url(configured->out)) return answer.url = *url, answer.by = "pip's configuration", answer;
  const auto built_in = TRY_CTX(
      ask_python(world, {"-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"}),
      "cannot ask pip for its wheel index");
  if (ended_well(built_in))
    if (const auto url = as_url(built_in.out)) return answer.url = *url, answer.by = "pip's own default", answer;
  const auto lines = split(trim(built_in.err), '\n');
  return fail(Code::config, "cannot ask pip for its wheel index",
              lines.back().empty() ? "it did not answer" : printable(lines.back()), no_pip_hint);
}

}  // namespace

Result<Sourced<std::string>> pip_index(const World& world) {
  if (const auto variable = world.env.get("PIP_INDEX_URL")) {
    const auto url = as_url(*variable);
    if (!url)
      return fail(Code::config, "cannot use $PIP_INDEX_URL", fmt::format("`{}` is no address", printable(*variable)),
                  "unset PIP_INDEX_URL");
    return Sourced<std::string>{*url, {Origin::Kind::environment, "PIP_INDEX_URL", 0}};
  }
  if (auto known = recall(world)) return Sourced<std::string>{known->url, {Origin::Kind::fallback, known->by, 0}};
  auto answer = TRY(ask_pip(world));
  remember(world, answer);
  return Sourced<std::string>{answer.url, {Origin::Kind::fallback, answer.by, 0}};
}

}  // namespace cudaenv::project
