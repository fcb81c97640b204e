#include "project/find_pin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::project {

namespace {

constexpr const char* file_name = ".cudaenv";

Error unusable(const std::string& path, const std::string& cause) {
  return make_error(Code::config, fmt::format("cannot use `{}`", printable(path, 4096)), cause);
}

// The owner of `path` where that is neither `user` nor root. Who may place a link may choose what is read, so
// a link and its target must both be ours.
std::optional<std::uint32_t> stranger(const std::string& path, std::uint32_t user) {
  for (const auto& status : {fs::status(path), fs::status_of_target(path)})
    if (status && status->type != fs::Type::missing && status->owner != user && status->owner != 0) return status->owner;
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const PinFile>> read_pin(const std::string& path) {
  const auto status = TRY(fs::status_of_target(path));
  if (status.type != fs::Type::file) return fail(unusable(path, "it is not a regular file"));
  if (status.size > pinfile_max_bytes) return fail(unusable(path, "it is larger than 64 KiB"));
  auto file = std::make_shared<PinFile>();
  file->path = path;
  auto text = fs::read_file(path, pinfile_max_bytes);
  if (!text) return fail(unusable(path, text.error().causes.empty() ? text.error().what : text.error().causes.front()));
  file->text = std::move(*text);
  PinError error;
  if (!parse_pin(file->text, file->pin, error))
    return fail(make_error(Code::config, fmt::format("cannot read `{}:{}:{}`", printable(path, 4096), error.line, error.column),
                           error.reason));
  return file;
}

Result<FoundPin> find_pin(const std::string& folder, const std::string& home, std::uint32_t user) {
  FoundPin found;
  if (!folder.starts_with('/')) return found;  // the working directory was deleted
  const auto last = home.substr(0, std::max<std::size_t>(1, home.find_last_not_of('/') + 1));
  std::optional<std::uint64_t> device;
  for (std::string here = folder;; here = fs::parent(here)) {
    const auto status = fs::status_of_target(here);
    if (!status) return found;  // an ancestor that may not be looked at ends the walk, as in the shim
    if (device && *device != status->device) return found;
    device = status->device;
    const auto path = fs::join(here, file_name);
    if (const auto owner = stranger(path, user)) {
      found.ignored.push_back(fmt::format("`{}` is ignored: it belongs to user {}", printable(path, 4096), *owner));
    } else if (const auto file = fs::status_of_target(path); file && file->type != fs::Type::missing) {
      found.pin = TRY(read_pin(path));
      return found;
    }
    if (here == "/" || here == last) return found;
  }
}

}  // namespace cudaenv::project
