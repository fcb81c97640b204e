// Layout and field numbers: PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5.
#include "unpack/zip_check.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace cudaenv::unpack {

namespace {

constexpr std::uint32_t local_signature = 0x04034b50, central_signature = 0x02014b50, end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50, locator_signature = 0x07064b50, descriptor_signature = 0x08074b50;
constexpr std::uint64_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56, locator_bytes = 20;
constexpr std::uint64_t max_directory_bytes = 64U << 20;
constexpr std::uint64_t max_entries = 200'000;
constexpr unsigned max_version = 63;  // 6.3 is the newest that the format's text knows; others stop there too
constexpr std::uint16_t saturated16 = 0xffff;
constexpr std::uint32_t saturated32 = 0xffffffff;

constexpr std::uint16_t flag_descriptor = 0x0008, flag_utf8 = 0x0800;
constexpr std::uint16_t allowed_flags = 0x0006 | flag_descriptor | flag_utf8;  // 0x0006: how hard deflate tried

std::unexpected<Error> refuse(std::string_view rule, std::string cause, std::string_view name = {}) {
  return fail(Code::integrity, name.empty() ? "cannot take the zip" : "cannot take the member `" + printable(name) + "`",
              "it breaks the rule " + std::string(rule) + ": " + std::move(cause));
}

/// Little-endian numbers out of a fixed piece of the file; the caller checks its length first.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <class T>
  T take() {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes_[i]) << (8 * i)));
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  std::uint16_t u16() { return take<std::uint16_t>(); }
  std::uint32_t u32() { return take<std::uint32_t>(); }
  std::uint64_t u64() { return take<std::uint64_t>(); }
  std::string text(std::size_t length) {
    std::string out(reinterpret_cast<const char*>(bytes_.data()), length);
    bytes_ = bytes_.subspan(length);
    return out;
  }
  std::span<const std::byte> piece(std::size_t length) {
    const auto out = bytes_.first(length);
    bytes_ = bytes_.subspan(length);
    return out;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

class ZipCheck {
 public:
  ZipCheck(std::uint64_t file_size, const ReadAt& read) : file_size_(file_size), read_(read) {}

  Result<std::vector<ZipEntry>> run() {
    TRY(read_end());
    TRY(read_directory());
    TRY(check_tiling());
    return std::move(entries_);
  }

 private:
  Result<std::vector<std::byte>> bytes_at(std::uint64_t offset, std::uint64_t length) {
    if (offset > file_size_ || length > file_size_ - offset) return refuse("zip-truncated", "it points past its end");
    std::vector<std::byte> out(length);
    TRY(read_(offset, out));
    return out;
  }

  // The record at the end is exactly at the end: a reader that searches for it backwards finds this one first.
  Result<void> read_end() {
    if (file_size_ < end_bytes) return refuse("zip-end", "it is too short to be one");
    const auto bytes = TRY(bytes_at(file_size_ - end_bytes, end_bytes));
    Fields fields(bytes);
    if (fields.u32() != end_signature) return refuse("zip-end", "its last 22 bytes are not the end record, or there is a comment");
    const auto disk = fields.u16(), directory_disk = fields.u16(), here = fields.u16(), total = fields.u16();
    const auto size = fields.u32(), offset = fields.u32();
    if (fields.u16() != 0) return refuse("zip-comment", "it has a comment");
    if (disk != 0 || directory_disk != 0 || here != total) return refuse("zip-disks", "it says that it is one of several disks");
    count_ = total, directory_size_ = size, directory_offset_ = offset;
    end_of_directory_ = file_size_ - end_bytes;
    const bool needs64 = total == saturated16 || size == saturated32 || offset == saturated32;
    TRY(read_end64(needs64));
    if (directory_offset_ > end_of_directory_ || directory_size_ != end_of_directory_ - directory_offset_)
      return refuse("zip-directory-place", "the directory does not lie right before the end record");
    return {};
  }

  Result<void> read_end64(bool needed) {
    const auto locator_at = file_size_ - std::min(file_size_, end_bytes + locator_bytes);
    if (file_size_ < end_bytes + locator_bytes + end64_bytes) {
      if (needed) return refuse("zip64", "its numbers need a Zip64 record, and there is none");
      return {};
    }
    const auto located = TRY(bytes_at(locator_at, locator_bytes));
    Fields locator(located);
    if (locator.u32() != locator_signature) {
      if (needed) return refuse("zip64", "its numbers need a Zip64 record, and there is none");
      return {};
    }
    const auto locator_disk = locator.u32();
    const auto end64_at = locator.u64();
    if (locator_disk != 0 || locator.u32() != 1 || end64_at != locator_at - end64_bytes)
      return refuse("zip64", "its Zip64 locator does not point to the record right before it");
    const auto bytes = TRY(bytes_at(end64_at, end64_bytes));
    Fields fields(bytes);
    if (fields.u32() != end64_signature || fields.u64() != end64_bytes - 12) return refuse("zip64", "its Zip64 end record is malformed");
    fields.u32();  // versions
    const auto disk = fields.u32(), directory_disk = fields.u32();
    const auto here = fields.u64(), total = fields.u64(), size = fields.u64(), offset = fields.u64();
    const bool agrees = (count_ == saturated16 || count_ == total) && (directory_size_ == saturated32 || directory_size_ == size) &&
                        (directory_offset_ == saturated32 || directory_offset_ == offset);
    if (disk != 0 || directory_disk != 0 || here != total || !agrees) return refuse("zip64", "its two end records disagree");
    count_ = total, directory_size_ = size, directory_offset_ = offset;
    end_of_directory_ = end64_at;
    return {};
  }

  Result<void> read_directory() {
    if (count_ > max_entries) return refuse("zip-too-many", "it has more than 200,000 entries");
    if (directory_size_ > max_directory_bytes) return refuse("zip-too-many", "its directory is larger than 64 MiB");
    if (directory_size_ < count_ * central_bytes) return refuse("zip-count", "its directory is too small for its entries");
    const auto bytes = TRY(bytes_at(directory_offset_, directory_size_));
    Fields fields(bytes);
    entries_.reserve(count_);
    for (std::uint64_t i = 0; i < count_; ++i) TRY(read_central(fields));
    if (fields.left() != 0) return refuse("zip-count", "its directory holds more than it counts");
    return {};
  }

  Result<void> read_central(Fields& fields) {
    if (fields.left() < central_bytes || fields.u32() != central_signature) return refuse("zip-count", "its directory is damaged or miscounted");
    ZipEntry entry;
    const auto made_by = fields.u16();
    const auto needed = fields.u16();
    entry.flags = fields.u16();
    entry.method = fields.u16();
    fields.u32();  // time and date
    entry.crc = fields.u32();
    const auto packed = fields.u32(), size = fields.u32();
    const auto name_length = fields.u16(), extra_length = fields.u16(), comment_length = fields.u16(), disk = fields.u16();
    fields.u16();  // internal attributes: text or binary
    const auto attributes = fields.u32(), offset = fields.u32();
    if (fields.left() < std::size_t{name_length} + extra_length + comment_length) return refuse("zip-count", "its directory is cut");
    entry.name = fields.text(name_length);
    const auto extra = fields.piece(extra_length);
    entry.packed = packed, entry.size = size, entry.offset = offset;
    if ((needed & 0xffU) > max_version) return refuse("zip-version", "it needs a newer reader", entry.name);
    if (comment_length != 0) return refuse("zip-comment", "it has a comment", entry.name);
    if (disk != 0) return refuse("zip-disks", "it lies on another disk", entry.name);
    TRY(read_extra(extra, entry, Place::central));
    TRY(check_entry(entry, made_by, attributes));
    if (!names_.insert(entry.name).second) return refuse("zip-duplicate", "it is there twice", entry.name);
    entries_.push_back(std::move(entry));
    return {};
  }

  static Result<void> check_entry(const ZipEntry& entry, std::uint16_t made_by, std::uint32_t attributes) {
    if ((entry.flags & 0x2041U) != 0) return refuse("zip-encrypted", "it is encrypted", entry.name);
    if ((entry.flags & ~allowed_flags) != 0) return refuse("zip-flags", "it has flags that a wheel does not", entry.name);
    if (entry.method != 0 && entry.method != 8) return refuse("zip-method", "it is neither stored nor deflated", entry.name);
    if (entry.method == 0 && (entry.packed != entry.size || (entry.flags & flag_descriptor) != 0))
      return refuse("zip-stored", "it is stored, and its sizes leave room for doubt", entry.name);
    const bool ascii = std::all_of(entry.name.begin(), entry.name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (entry.name.empty() || entry.name.find('\0') != std::string::npos) return refuse("zip-name", "its name is empty or has a zero byte", entry.name);
    if (!ascii && ((entry.flags & flag_utf8) == 0 || !is_utf8(entry.name)))
      return refuse("zip-name", "its name is not ASCII and not marked as UTF-8", entry.name);
    const bool folder = entry.name.ends_with('/');
    if (folder && entry.size != 0) return refuse("zip-folder", "it is a folder with content", entry.name);
    const auto kind = made_by >> 8U == 3 ? (attributes >> 16U) & 0170000U : 0;  // 3: Unix
    if (kind != 0 && kind != (folder ? 0040000U : 0100000U))
      return refuse("zip-kind", "its attributes say link, device or the like", entry.name);
    return {};
  }

  enum class Place { central, local };

  // The only extra field that changes what an entry means here is Zip64; those that would give it another
  // name, or encrypt it, are refused.
  static Result<void> read_extra(std::span<const std::byte> extra, ZipEntry& entry, Place place) {
    bool seen64 = false;
    const bool wants64 = entry.size == saturated32 || entry.packed == saturated32 || entry.offset == saturated32;
    Fields fields(extra);
    while (fields.left() > 0) {
      if (fields.left() < 4) return refuse("zip-extra", "an extra field is cut", entry.name);
      const auto id = fields.u16(), length = fields.u16();
      if (fields.left() < length) return refuse("zip-extra", "an extra field is cut", entry.name);
      Fields body(fields.piece(length));
      if (id == 0x7075 || id == 0x6375 || id == 0x9901 || id == 0x0017 || id == 0x0014 || id == 0x0015 || id == 0x0016)
        return refuse("zip-extra", "an extra field renames or encrypts it", entry.name);
      if (id != 0x0001) continue;
      if (seen64) return refuse("zip64", "it has two Zip64 fields", entry.name);
      seen64 = true;
      for (auto* value : {&entry.size, &entry.packed, &entry.offset}) {
        if (*value != saturated32) continue;
        if (place == Place::local && value == &entry.offset) continue;
        if (body.left() < 8) return refuse("zip64", "its Zip64 field is too short", entry.name);
        *value = body.u64();
      }
      if (body.left() != 0) return refuse("zip64", "its Zip64 field is longer than it needs", entry.name);
    }
    if (place == Place::central && wants64 && !seen64) return refuse("zip64", "it needs a Zip64 field and has none", entry.name);
    return {};
  }

  // In the order of their places, the entries fill the file from its first byte to the directory: nothing is
  // hidden, nothing is shared.
  Result<void> check_tiling() {
    std::vector<const ZipEntry*> order;
    for (const auto& entry : entries_) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i]->offset != at) return refuse("zip-gap", "bytes before it belong to no entry, or to two", order[i]->name);
      const auto next = i + 1 < order.size() ? order[i + 1]->offset : directory_offset_;
      at = TRY(check_local(*order[i], next));
    }
    if (at != directory_offset_) return refuse("zip-gap", "bytes before the directory belong to no entry");
    return {};
  }

  /// Compares the local header with the directory; returns where the entry ends.
  Result<std::uint64_t> check_local(const ZipEntry& entry, std::uint64_t next) {
    const auto bytes = TRY(bytes_at(entry.offset, local_bytes));
    Fields fields(bytes);
    if (fields.u32() != local_signature) return refuse("zip-local", "there is no local header where the directory says", entry.name);
    fields.u16();  // version needed
    const auto flags = fields.u16(), method = fields.u16();
    fields.u32();
    const auto crc = fields.u32(), packed = fields.u32(), size = fields.u32();
    const auto name_length = fields.u16(), extra_length = fields.u16();
    const auto rest = TRY(bytes_at(entry.offset + local_bytes, std::uint64_t{name_length} + extra_length));
    Fields tail(rest);
    ZipEntry local;
    local.name = tail.text(name_length);
    local.size = size, local.packed = packed;
    TRY(read_extra(tail.piece(extra_length), local, Place::local));
    if (local.name != entry.name || flags != entry.flags || method != entry.method)
      return refuse("zip-local", "its local header and the directory disagree", entry.name);
    const bool described = (flags & flag_descriptor) != 0;
    const bool same = crc == entry.crc && local.packed == entry.packed && local.size == entry.size;
    const bool blank = crc == 0 && local.packed == 0 && local.size == 0;
    if (!same && !(described && blank)) return refuse("zip-local", "its local header and the directory disagree", entry.name);
    const auto data = entry.offset + local_bytes + name_length + extra_length;
    if (data > next || entry.packed > next - data) return refuse("zip-gap", "its data runs into what follows", entry.name);
    if (!described) return data + entry.packed;
    return check_descriptor(entry, data + entry.packed, next);
  }

  // crc, packed, size behind the data: with or without a signature, in 32 or 64 bits; the room it has says which.
  Result<std::uint64_t> check_descriptor(const ZipEntry& entry, std::uint64_t at, std::uint64_t next) {
    const auto room = next - at;
    if (room != 12 && room != 16 && room != 20 && room != 24) return refuse("zip-gap", "no data descriptor fits behind it", entry.name);
    const auto bytes = TRY(bytes_at(at, room));
    Fields fields(bytes);
    if ((room == 16 || room == 24) && fields.u32() != descriptor_signature)
      return refuse("zip-descriptor", "its data descriptor is malformed", entry.name);
    const auto crc = fields.u32();
    const bool wide = room >= 20;
    const auto packed = wide ? fields.u64() : fields.u32();
    const auto size = wide ? fields.u64() : fields.u32();
    if (crc != entry.crc || packed != entry.packed || size != entry.size)
      return refuse("zip-descriptor", "its data descriptor and the directory disagree", entry.name);
    return next;
  }

  std::uint64_t file_size_;
  const ReadAt& read_;
  std::uint64_t count_ = 0, directory_size_ = 0, directory_offset_ = 0, end_of_directory_ = 0;
  std::vector<ZipEntry> entries_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<ZipEntry>> check_zip(std::uint64_t file_size, const ReadAt& read) { return ZipCheck(file_size, read).run(); }

}  // namespace cudaenv::unpack
