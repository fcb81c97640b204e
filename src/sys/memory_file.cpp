#include "sys/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "sys/fs.hpp"

namespace cudaenv {

Result<Fd> make_memory_file(const std::string& name, std::size_t bytes) {
  Fd file(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return fail(fs::os_error("create memory file", name, errno));
  return file;
}

Result<std::string> read_memory_file(const Fd& file, std::size_t max) {
  std::string content(max, '\0');
  std::size_t size = 0;
  while (size < max) {
    const auto n = ::pread(file.get(), content.data() + size, max - size, static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(fs::os_error("read memory file", "", errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  content.resize(content.find_last_not_of('\0', size == 0 ? 0 : size - 1) + 1);
  return content;
}

}  // namespace cudaenv
