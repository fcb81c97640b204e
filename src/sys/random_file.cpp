#include "sys/random_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/fs.hpp"

namespace cudaenv {

Result<RandomFile> RandomFile::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat raw{};
  if (!fd || ::fstat(fd.get(), &raw) != 0) return fail(fs::os_error("read", path, errno));
  if (!S_ISREG(raw.st_mode)) return fail(Code::io, "cannot read `" + path + "`", "it is not a regular file");
  return RandomFile(std::move(fd), path, static_cast<std::uint64_t>(raw.st_size));
}

Result<void> RandomFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto n = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(fs::os_error("read", path_, errno));
    if (n == 0) return fail(Code::io, "cannot read `" + path_ + "`", "it ends before byte " + std::to_string(offset));
    offset += static_cast<std::uint64_t>(n);
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace cudaenv
