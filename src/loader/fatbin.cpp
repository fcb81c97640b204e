#include "loader/fatbin.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "loader/elf_file.hpp"

namespace cudaenv::loader {

namespace {

constexpr std::uint32_t magic = 0xBA55ED50;
constexpr std::size_t container_header = 16, entry_header = 64;
constexpr std::uint64_t kind_ptx = 1, kind_cubin = 2, kind_lto = 8, kind_bundle = 256;
constexpr std::uint64_t arch_specific = 0x100000, family_specific = 0x200000;
constexpr std::uint16_t machine_cuda = 190;  // EM_CUDA
constexpr std::size_t most_entries = 4'000'000, most_containers = 4'000'000;
// Headers are read in pieces of this size: those of small containers then share a read, and nothing is read ahead over
// the payload between those of large ones.
constexpr std::size_t piece = 4096;

/// A part of a file, read by offset with one piece kept.
class Window {
 public:
  Window(const RandomFile& file, std::string path, std::uint64_t start, std::uint64_t size)
      : file_(file), path_(std::move(path)), start_(start), size_(size) {}
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Error damaged(std::string cause) const {
    return make_error(Code::integrity, "cannot read the GPU code of `" + path_ + "`", std::move(cause));
  }
  /// `count` bytes (at most a piece) at `at`, which must end before `end`. The view holds until the next call.
  [[nodiscard]] Result<std::string_view> take(std::uint64_t at, std::size_t count, std::uint64_t end) {
    if (end > size_ || at > end || count > end - at) return fail(damaged("a header at byte " + std::to_string(start_ + at) + " leaves its container"));
    if (at < kept_at_ || at + count > kept_at_ + kept_.size()) {
      kept_.resize(std::min<std::uint64_t>(std::max(piece, count), size_ - at));
      kept_at_ = at;
      TRY(file_.read(start_ + at, std::as_writable_bytes(std::span(kept_))));
    }
    return std::string_view(kept_).substr(at - kept_at_, count);
  }

 private:
  const RandomFile& file_;
  std::string path_;
  std::uint64_t start_, size_;
  std::string kept_;
  std::uint64_t kept_at_ = 0;
};

GpuCode decode(std::string_view header, std::uint32_t container) {
  GpuCode code;
  const auto kind = little(header, 0, 2), flags = little(header, 40, 8);
  code.kind = kind == kind_ptx ? GpuCode::Kind::ptx : kind == kind_cubin ? GpuCode::Kind::sass
              : kind == kind_lto ? GpuCode::Kind::lto : GpuCode::Kind::other;
  code.arch = static_cast<int>(std::min<std::uint64_t>(little(header, 28, 4), 100'000));
  code.suffix = (flags & arch_specific) != 0 ? 'a' : (flags & family_specific) != 0 ? 'f' : '\0';
  if (code.kind == GpuCode::Kind::ptx) code.ptx_isa = static_cast<int>(little(header, 26, 2) * 10 + little(header, 24, 2));
  code.container = container;
  return code;
}

std::uint64_t rounded(std::uint64_t size) { return (size + 8) / 8 * 8; }  // a text, its zero byte, padding

// A bundle keeps the headers of its members in a table of its own, behind its header.
Result<void> read_bundle(Window& window, std::uint64_t at, std::uint64_t end, std::uint32_t container, std::vector<GpuCode>& out) {
  const auto table = TRY(window.take(at + entry_header, 8, end));
  const auto count = little(table, 0, 4), size = little(table, 4, 4);
  const auto stop = at + entry_header + size;
  if (size < 8 || stop > end) return fail(window.damaged("the table of a bundle leaves its entry"));
  auto member = at + entry_header + 8;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto header = TRY(window.take(member, entry_header, stop));
    if (out.size() >= most_entries) return fail(window.damaged("more than 4,000,000 entries"));
    out.push_back(decode(header, container));
    const bool options = little(header, 20, 4) != 0;
    const auto name = little(header, 32, 4) != 0 ? rounded(little(header, 36, 4)) : 0;
    if (options) {
      const auto record = TRY(window.take(member + entry_header + 4, 4, stop));
      member += 8 + rounded(little(record, 0, 4));
    }
    member += entry_header + name;
  }
  return {};
}

Result<void> read_container(Window& window, std::uint64_t at, std::uint64_t end, std::uint32_t container, std::vector<GpuCode>& out) {
  while (at < end) {
    const auto header = TRY(window.take(at, entry_header, end));
    const auto kind = little(header, 0, 2), header_bytes = little(header, 4, 4), payload = little(header, 8, 8);
    if (header_bytes < entry_header || header_bytes > end - at || payload > end - at - header_bytes)
      return fail(window.damaged("an entry leaves its container"));
    if (out.size() >= most_entries) return fail(window.damaged("more than 4,000,000 entries"));
    if (kind == kind_bundle) TRY(read_bundle(window, at, at + header_bytes, container, out));
    else out.push_back(decode(header, container));
    at += header_bytes + payload;
  }
  return {};
}

// Containers follow each other, 8-aligned.
Result<void> read_containers(Window window, std::uint32_t& containers, std::vector<GpuCode>& out) {
  for (std::uint64_t at = 0; at + container_header <= window.size();) {
    const auto header = TRY(window.take(at, container_header, window.size()));
    const auto head = little(header, 6, 2), body = little(header, 8, 8);
    if (little(header, 0, 4) != magic || head < container_header) return fail(window.damaged("no container where one must begin"));
    if (head > window.size() - at || body > window.size() - at - head) return fail(window.damaged("a container leaves its section"));
    if (++containers > most_containers) return fail(window.damaged("more than 4,000,000 containers"));
    TRY(read_container(window, at + head, at + head + body, containers - 1, out));
    at += head + body;
  }
  return {};
}

// A cubin says its architecture in e_flags: the low byte up to CUDA 12, bits 8 to 15 from ELF version 8 on.
Result<std::vector<GpuCode>> read_cubin(const RandomFile& file) {
  std::string head(64, '\0');
  TRY(file.read(0, std::as_writable_bytes(std::span(head))));
  const auto flags = little(head, 48, 4);
  const bool new_layout = static_cast<unsigned char>(head[8]) >= 8;  // EI_ABIVERSION
  GpuCode code;
  code.kind = GpuCode::Kind::sass;
  code.arch = static_cast<int>(new_layout ? flags >> 8U & 0xff : flags & 0xff);
  return std::vector{code};
}

}  // namespace

Result<std::vector<GpuCode>> read_gpu_code(const std::string& path) {
  const auto file = TRY(RandomFile::open(path));
  std::vector<GpuCode> code;
  std::uint32_t containers = 0;
  std::string head(std::min<std::uint64_t>(file.size(), 64), '\0');
  TRY(file.read(0, std::as_writable_bytes(std::span(head))));
  if (head.size() >= container_header && little(head, 0, 4) == magic) {
    TRY(read_containers(Window(file, path, 0, file.size()), containers, code));
    return code;
  }
  const auto elf = TRY(ElfFile::open(path));
  if (elf.machine() == machine_cuda && elf.bits() == 64 && head.size() == 64) return read_cubin(file);
  const auto sections = TRY(elf.sections());
  for (const auto& section : sections) {
    if (section.type == section_without_bytes || (section.name != ".nv_fatbin" && section.name != "__nv_relfatbin")) continue;
    if (section.offset > file.size() || section.size > file.size() - section.offset)
      return fail(elf.damaged("section " + section.name + " leaves the file"));
    TRY(read_containers(Window(file, path, section.offset, section.size), containers, code));
  }
  return code;
}

std::string arch_text(const GpuCode& code) {
  auto text = std::to_string(code.arch);
  if (code.suffix != '\0') text += code.suffix;
  return text;
}

GpuCodeSummary sum_up(const std::vector<GpuCode>& code) {
  GpuCodeSummary sum;
  std::set<std::uint32_t> containers;
  std::map<std::string, std::set<std::uint32_t>> sass, ptx, lto;
  for (const auto& one : code) {
    containers.insert(one.container);
    const auto arch = arch_text(one);
    switch (one.kind) {
      case GpuCode::Kind::sass: sass[arch].insert(one.container); break;
      case GpuCode::Kind::lto: lto[arch].insert(one.container); break;
      case GpuCode::Kind::ptx:
        ptx[arch].insert(one.container);
        sum.ptx_isa[arch] = std::max(sum.ptx_isa[arch], one.ptx_isa);
        break;
      case GpuCode::Kind::other: ++sum.other; break;
    }
  }
  sum.containers = static_cast<std::uint32_t>(containers.size());
  const auto count = [](const auto& from, auto& to) {
    for (const auto& [arch, in] : from) to[arch] = static_cast<std::uint32_t>(in.size());
  };
  count(sass, sum.sass);
  count(ptx, sum.ptx);
  count(lto, sum.lto);
  return sum;
}

}  // namespace cudaenv::loader
