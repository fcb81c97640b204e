// A wheel's RECORD (PEP 376 and 427) against what the wheel holds. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cudaenv::unpack {

/// A file of the wheel as it was extracted.
struct WheelFile {
  std::string path;
  std::string sha256;  // 64 lower-case hex digits
  std::uint64_t size = 0;
};

/// The path of RECORD: there must be exactly one `*.dist-info` folder at the top, and a RECORD in it.
[[nodiscard]] Result<std::string> find_record(const std::vector<WheelFile>& files);

/// Every file has exactly one row with its sha256 and size, and every row its file; RECORD itself (no hash) and
/// its signatures aside. Code::integrity naming the file and a rule ("record-…").
[[nodiscard]] Result<void> verify_record(const std::vector<WheelFile>& files, const std::string& record_path,
                                         std::string_view record);

}  // namespace cudaenv::unpack
