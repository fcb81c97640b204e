#include "activate/formats.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace cudaenv::activate {

namespace {

// `text` between two marks, each character of `special` with a backslash in front.
std::string escaped(std::string_view text, char mark, std::string_view special) {
  std::string out(1, mark);
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out += mark;
}

// Double quotes for readers that know \n.
std::string double_quoted(std::string_view text, std::string_view special) {
  auto out = escaped(text, '"', special);
  for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos; at += 2) out.replace(at, 1, "\\n");
  return out;
}

std::string joined(const std::vector<std::string>& folders) { return join(folders, ":"); }

std::string format_sh(const EnvDiff& diff) {
  std::string out;
  for (const auto& name : diff.unset) out += fmt::format("unset {}\n", name);
  for (const auto& [name, value] : diff.set) out += fmt::format("export {}={}\n", name, quote_sh(value));
  for (const auto& [name, folders] : diff.prepend)
    if (!folders.empty())
      out += fmt::format("export {0}={1}\"${{{0}:+:${0}}}\"\n", name, quote_sh(joined(folders)));
  return out;
}

std::string format_fish(const EnvDiff& diff) {
  std::string out;
  for (const auto& name : diff.unset) out += fmt::format("set -e {}\n", name);
  for (const auto& [name, value] : diff.set) out += fmt::format("set -gx {} {}\n", name, quote_fish(value));
  for (const auto& [name, folders] : diff.prepend) {
    if (folders.empty()) continue;
    out += fmt::format("set -gx {}", name);
    for (const auto& folder : folders) out += " " + quote_fish(folder);
    out += fmt::format(" ${}\n", name);
  }
  return out;
}

std::string format_json(const EnvDiff& diff) {
  nlohmann::ordered_json out;
  out["schema"] = 1;
  out["set"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : diff.set) out["set"][name] = value;
  out["prepend"] = nlohmann::ordered_json::object();
  for (const auto& [name, folders] : diff.prepend) out["prepend"][name] = folders;
  out["unset"] = diff.unset;
  out["notes"] = diff.notes;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string dotenv_value(std::string_view text) {
  const bool plain = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:+-@,%=") ==
                     std::string_view::npos;
  if (plain) return std::string(text);
  if (text.find_first_of("'\n\r\\") == std::string_view::npos) return fmt::format("'{}'", text);
  return double_quoted(text, "\\\"$`");
}

std::string format_dotenv(const EnvDiff& diff, const Variables& now) {
  const auto after = apply(diff, now);
  std::string out;
  for (const auto& [name, value] : diff.set) out += fmt::format("{}={}\n", name, dotenv_value(value));
  for (const auto& [name, folders] : diff.prepend)
    if (!folders.empty()) out += fmt::format("{}={}\n", name, dotenv_value(after.at(name)));
  return out;
}

// For a step of a workflow: `eval "$(cudaenv env 12.8 --format github)"`; later steps see it.
std::string format_github(const EnvDiff& diff) {
  std::string out;
  for (const auto& [name, value] : diff.set)
    out += fmt::format("printf '%s\\n' {} >> \"$GITHUB_ENV\"\n", quote_sh(fmt::format("{}={}", name, value)));
  for (const auto& [name, folders] : diff.prepend) {
    if (folders.empty()) continue;
    if (name == "PATH")
      for (const auto& folder : folders) out += fmt::format("printf '%s\\n' {} >> \"$GITHUB_PATH\"\n", quote_sh(folder));
    else
      out += fmt::format("printf '%s\\n' {1}\"${{{0}:+:${0}}}\" >> \"$GITHUB_ENV\"\n", name,
                         quote_sh(fmt::format("{}={}", name, joined(folders))));
  }
  return out;
}

std::string format_cmake(const EnvDiff& diff) {
  const auto quoted = [](std::string_view text) { return escaped(text, '"', "\\\"$"); };
  std::string out;
  for (const auto& [name, value] : diff.set) {
    out += fmt::format("set(ENV{{{}}} {})\n", name, quoted(value));
    if (name == "CUDAToolkit_ROOT") out += fmt::format("set(CUDAToolkit_ROOT {})\n", quoted(value));
    if (name == "CUDACXX") out += fmt::format("set(CMAKE_CUDA_COMPILER {})\n", quoted(value));
  }
  for (const auto& [name, folders] : diff.prepend) {
    if (folders.empty()) continue;
    const auto mine = quoted(joined(folders));
    out += fmt::format("if(DEFINED ENV{{{0}}} AND NOT \"$ENV{{{0}}}\" STREQUAL \"\")\n  set(ENV{{{0}}} \"{1}:$ENV{{{0}}}\")\n"
                       "else()\n  set(ENV{{{0}}} {2})\nendif()\n",
                       name, mine.substr(1, mine.size() - 2), mine);
  }
  return out;
}

std::string format_docker(const EnvDiff& diff) {
  const auto quoted = [](std::string_view text) { return escaped(text, '"', "\\\"$"); };
  std::string out;
  for (const auto& [name, value] : diff.set) out += fmt::format("ENV {}={}\n", name, quoted(value));
  for (const auto& [name, folders] : diff.prepend) {
    if (folders.empty()) continue;
    const auto mine = quoted(joined(folders));
    out += fmt::format("ENV {0}=\"{1}${{{0}:+:${0}}}\"\n", name, mine.substr(1, mine.size() - 2));
  }
  return out;
}

std::string format_modulefile(const EnvDiff& diff) {
  const auto quoted = [](std::string_view text) { return double_quoted(text, "\\\"$[]"); };
  std::string out = "#%Module1.0\nconflict cuda\n";
  for (const auto& [name, value] : diff.set) out += fmt::format("setenv {} {}\n", name, quoted(value));
  for (const auto& [name, folders] : diff.prepend)
    for (const auto& folder : folders) out += fmt::format("prepend-path {} {}\n", name, quoted(folder));
  return out;
}

std::string format_lmod(const EnvDiff& diff) {
  const auto quoted = [](std::string_view text) { return double_quoted(text, "\\\""); };
  std::string out = "family(\"cuda\")\n";
  for (const auto& [name, value] : diff.set) out += fmt::format("setenv(\"{}\", {})\n", name, quoted(value));
  for (const auto& [name, folders] : diff.prepend)
    for (const auto& folder : folders) out += fmt::format("prepend_path(\"{}\", {})\n", name, quoted(folder));
  return out;
}

}  // namespace

std::string quote_sh(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out += "'";
}

std::string quote_fish(std::string_view text) { return escaped(text, '\'', "\\'"); }

const std::vector<std::string_view>& format_names() {
  static const std::vector<std::string_view> names{"sh",    "fish",   "json",       "dotenv", "github",
                                                   "cmake", "docker", "modulefile", "lmod"};
  return names;
}

Result<std::string> format_env(std::string_view name, const EnvDiff& diff, const Variables& now) {
  if (name == "sh") return format_sh(diff);
  if (name == "fish") return format_fish(diff);
  if (name == "json") return format_json(diff);
  if (name == "dotenv") return format_dotenv(diff, now);
  if (name == "github") return format_github(diff);
  if (name == "cmake") return format_cmake(diff);
  if (name == "docker") return format_docker(diff);
  if (name == "modulefile") return format_modulefile(diff);
  if (name == "lmod") return format_lmod(diff);
  std::string known;
  for (const auto one : format_names()) known += (known.empty() ? "" : ", ") + std::string(one);
  return fail(Code::usage, fmt::format("cannot write the environment as `{}`", printable(name)), "the formats are " + known,
              "cudaenv env --format sh");
}

}  // namespace cudaenv::activate
