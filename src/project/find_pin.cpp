#include "project/find_pin.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::project {

namespace {

constexpr const char* file_name = ".cudaenv";

Error unusable(const std::string& path, const std::string& cause) {
  return make_error(Code::config, fmt::format("cannot use `{}`", printable(path, 4096)), cause);
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
  std::optional<std::uint64_t> device;
  for (std::string here = folder;; here = fs::parent(here)) {
    const auto status = fs::status_of_target(here);
    if (!status) return found;  // an ancestor that may not be looked at ends the walk, as in the shim
    if (device && *device != status->device) return found;
    device = status->device;
    const auto path = fs::join(here, file_name);
    const auto file = fs::status_of_target(path);
    const auto link = fs::status(path);
    if (file && link && file->type != fs::Type::missing) {
      // Who may place a link may choose what is read, so both must be the user's or root's.
      const auto stranger = link->owner != user && link->owner != 0 ? link->owner : file->owner;
      if (stranger == user || stranger == 0) {
        found.pin = TRY(read_pin(path));
        return found;
      }
      found.ignored.push_back(fmt::format("`{}` is ignored: it belongs to user {}", printable(path, 4096), stranger));
    }
    if (here == "/" || here == home) return found;
  }
}

}  // namespace cudaenv::project
