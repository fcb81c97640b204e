// An ELF file by its headers, from bytes that may be hostile: everything is read by offset, bounded, and checked
// against the file's size. Layout: System V ABI, chapters 4 and 5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/random_file.hpp"

namespace cudaenv::loader {

/// Little-endian numbers out of bytes. The caller has checked that they are there.
[[nodiscard]] std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size);

struct ElfSegment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0, address = 0, file_size = 0, memory_size = 0;
};
inline constexpr std::uint32_t segment_load = 1, segment_dynamic = 2, segment_interpreter = 3;

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;
  std::uint64_t offset = 0, size = 0;
};
inline constexpr std::uint32_t section_without_bytes = 8;  // SHT_NOBITS

class ElfFile {
 public:
  /// Reads the file header and, where it is 64-bit little-endian, the program headers. Code::io where it cannot be
  /// read, Code::integrity where it is no ELF file or its headers lie.
  [[nodiscard]] static Result<ElfFile> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int bits() const { return bits_; }                  // 32 or 64
  [[nodiscard]] bool little_endian() const { return little_endian_; }
  [[nodiscard]] std::uint16_t machine() const { return machine_; }  // EM_X86_64 is 62, EM_AARCH64 183
  [[nodiscard]] std::uint16_t type() const { return type_; }        // ET_EXEC is 2, ET_DYN 3
  [[nodiscard]] std::uint64_t size() const { return file_.size(); }
  [[nodiscard]] const std::vector<ElfSegment>& segments() const { return segments_; }
  /// May a process of `machine` load it at all? Anything else the dynamic linker passes over.
  [[nodiscard]] bool fits(std::uint16_t machine) const { return bits_ == 64 && little_endian_ && machine_ == machine; }

  /// Section headers with their names; none in a file that was stripped of them.
  [[nodiscard]] Result<std::vector<ElfSection>> sections() const;
  /// Where the bytes of an address lie in the file.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  /// Exactly `size` bytes (at most 64 MiB); Code::integrity where they leave the file.
  [[nodiscard]] Result<std::string> bytes(std::uint64_t offset, std::uint64_t size) const;
  /// The text at `offset` up to its zero byte, at most 4,096 bytes; empty where there is none.
  [[nodiscard]] Result<std::string> text(std::uint64_t offset) const;
  /// "cannot read `<path>` as ELF: <cause>", for what other readers of this file find wrong.
  [[nodiscard]] Error damaged(std::string cause) const;

 private:
  ElfFile(RandomFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  [[nodiscard]] Result<void> read_segments(std::string_view head);

  RandomFile file_;
  std::string path_;
  int bits_ = 0;
  bool little_endian_ = true;
  std::uint16_t machine_ = 0, type_ = 0;
  std::uint64_t section_table_ = 0;
  std::uint64_t section_count_ = 0, section_names_ = 0;
  std::vector<ElfSegment> segments_;
};

}  // namespace cudaenv::loader
