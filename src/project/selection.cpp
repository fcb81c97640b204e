#include "project/selection.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace cudaenv::project {

namespace {

Result<Selection> take(Selection selection, std::string_view spec, Origin origin) {
  VersionSpec parsed;
  const char* reason = nullptr;
  if (!parse_spec(spec, parsed, reason)) {
    const auto code = origin.kind == Origin::Kind::flag ? Code::usage : Code::config;
    return fail(code, fmt::format("cannot use the version `{}` (set by {})", printable(spec), describe(origin)), reason,
                "cudaenv list");
  }
  selection.spec = spec;
  selection.origin = std::move(origin);
  return selection;
}

}  // namespace

Result<Selection> choose_selection(const Wishes& wishes) {
  Selection selection;
  selection.pin = wishes.found.pin;
  selection.ignored = wishes.found.ignored;
  if (wishes.flag) return take(std::move(selection), *wishes.flag, {Origin::Kind::flag, {}, 0});
  if (wishes.variable)
    return take(std::move(selection), *wishes.variable, {Origin::Kind::environment, "CUDAENV_TOOLKIT", 0});
  if (const auto file = selection.pin; file && file->pin.toolkit_line != 0)
    return take(std::move(selection), file->pin.toolkit.text, {Origin::Kind::file, file->path, file->pin.toolkit_line});
  if (const auto file = wishes.fallback; file && file->pin.toolkit_line != 0)
    return take(std::move(selection), file->pin.toolkit.text, {Origin::Kind::fallback, file->path, 0});
  return selection;
}

}  // namespace cudaenv::project
