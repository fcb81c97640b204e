#include "app/pin.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "model/pin_edit.hpp"
#include "model/pin_value.hpp"
#include "project/find_pin.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

namespace {

struct Requirement {
  std::string key, value;
};

std::unexpected<Error> bad_value(std::string_view option, std::string_view text, const char* reason) {
  return fail(Code::usage, fmt::format("cannot use `{} {}`", option, printable(text)), reason, "cudaenv local --help");
}

Result<Requirement> parse_requirement(const std::string& text) {
  const auto at = text.find_first_of("=<>! ");
  if (at == std::string::npos || at == 0) return bad_value("--require", text, "expected KEY=VALUE, such as driver=>=570.26");
  Requirement out{text.substr(0, at), std::string(trim(text.substr(at)))};
  if (out.key == "cc") out.key = "compute_capability";
  if (out.key != "driver" && out.key != "compute_capability" && out.key != "torch")
    return bad_value("--require", text, "the keys are driver, compute_capability and torch");
  const bool torch = out.key == "torch";
  const auto is_comparison = [](char c) { return c == '>' || c == '<' || c == '=' || c == '!'; };
  // `driver=>=570` and `driver>=570` mean the same; `driver==570` keeps both equals signs.
  if (out.value.starts_with('=') && !out.value.starts_with("==") ) {
    if (torch || (out.value.size() > 1 && is_comparison(out.value[1]))) out.value.erase(0, 1);
  }
  if (const char* reason = torch ? torch_fault(out.value) : bound_fault(out.value); reason != nullptr)
    return bad_value("--require", text, reason);
  return out;
}

// What is there now; nothing where there is no file or one that says nothing yet.
Result<std::string> present_text(const std::string& path) {
  if (!fs::exists(path)) return std::string();
  auto blank = fs::read_file(path, pinfile_max_bytes);
  if (blank && trim(*blank).empty()) return *blank;
  return TRY(project::read_pin(path))->text;
}

}  // namespace

Result<void> check_spec(const std::string& spec) {
  VersionSpec parsed;
  const char* reason = nullptr;
  if (parse_spec(spec, parsed, reason)) return {};
  return fail(Code::usage, fmt::format("cannot use the version `{}`", printable(spec)), reason, "cudaenv list --available");
}

Result<std::string> write_pin(const World& world, const PinRequest& request) {
  if (world.cwd.empty()) return fail(Code::io, "cannot write `.cudaenv`", "the working directory is gone", "cd");
  const auto path = fs::join(world.cwd, ".cudaenv");
  if (!request.spec.empty()) TRY(check_spec(request.spec));
  std::vector<Requirement> requirements;
  for (const auto& one : request.require) requirements.push_back(TRY(parse_requirement(one)));
  for (const auto& one : request.with)
    if (const char* reason = component_fault(one); reason != nullptr) return bad_value("--with", one, reason);
  auto text = TRY(present_text(path));
  if (!request.spec.empty()) text = set_toolkit(text, request.spec);
  for (const auto& one : request.with) text = add_component(text, one);
  for (const auto& one : requirements) text = set_require(text, one.key, one.value);
  Pin pin;
  PinError error;
  if (!parse_pin(text, pin, error))
    return fail(Code::config, fmt::format("cannot write `{}`", printable(path, 4096)),
                fmt::format("line {} would be wrong: {}", error.line, error.reason));
  // A link stays one: what it points to is changed.
  const auto real = fs::real_path(path);
  TRY(fs::write_file_atomic(real ? *real : path, text));
  return path;
}

}  // namespace cudaenv::app
