// Whether a zip means the same to every reader. Reads its directory and local headers itself, decompresses
// nothing, and is bounded in what it reads and keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::unpack {

struct ZipEntry {
  std::string name;             // as stored; a folder's ends with '/'
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0;
  std::uint16_t method = 0;     // 0 stored, 8 deflate
  std::uint16_t flags = 0;
  std::uint64_t offset = 0;     // of the local header
};

/// Fills the span from an offset of the file; an error ends the check.
using ReadAt = std::function<Result<void>(std::uint64_t offset, std::span<std::byte> out)>;

/// The entries in the order of the central directory. Code::integrity, naming the rule ("zip-…"), when: bytes
/// lie before, between or after what the directory describes; there is a comment; an entry is
/// encrypted, neither stored nor deflated, a link or device, named twice, or described otherwise by its local header;
/// a count, offset, size or disk number is not what it must be. Zip64 where it is needed, once, and consistent.
[[nodiscard]] Result<std::vector<ZipEntry>> check_zip(std::uint64_t file_size, const ReadAt& read);

}  // namespace cudaenv::unpack
