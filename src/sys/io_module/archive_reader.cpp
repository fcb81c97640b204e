// Archives over libarchive: zip by its central directory, and tar inside gzip, xz or zstd. Nothing else
// is enabled: libarchive's "all filters" would run programs that an archive's first bytes name.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/io_module/parts.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t block_bytes = 1 << 20;

enum class Format { zip, gzip, xz, zstd };

Error damaged(const std::string& path, std::string cause) {
  return make_error(Code::integrity, "cannot read the archive `" + path + "`", std::move(cause));
}

Error unreadable(const std::string& path, int number) {
  return make_error(Code::io, "cannot read `" + path + "`", std::strerror(number));
}

Result<Format> format_of(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat raw{};
  if (!fd || ::fstat(fd.get(), &raw) != 0) return fail(unreadable(path, errno));
  if (!S_ISREG(raw.st_mode)) return fail(damaged(path, "it is not a regular file"));
  std::array<char, 6> bytes{};
  const auto n = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) return fail(unreadable(path, errno));
  const std::string_view magic(bytes.data(), static_cast<std::size_t>(n));
  using namespace std::string_view_literals;
  if (magic.starts_with("PK\x03\x04"sv)) return Format::zip;
  if (magic.starts_with("\x1f\x8b"sv)) return Format::gzip;
  if (magic.starts_with("\xfd"
                        "7zXZ\0"sv))
    return Format::xz;
  if (magic.starts_with("\x28\xb5\x2f\xfd"sv)) return Format::zstd;
  return fail(damaged(path, "it is neither a zip nor a tar packed with gzip, xz or zstd"));
}

/// libarchive turns names into the thread's character set and fails on what that lacks. While this lives it is
/// UTF-8 ("C.UTF-8" is built into glibc since 2.35), whatever the user's locale.
class Utf8Locale {
 public:
  Utf8Locale() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
  }
  ~Utf8Locale() {
    if (utf8_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

/// Only ARCHIVE_OK will do: a warning would mean that an external program stands in for the library.
bool enable(archive* reader, Format format) {
  switch (format) {
    case Format::zip: return archive_read_support_format_zip_seekable(reader) == ARCHIVE_OK;
    case Format::gzip:
      if (archive_read_support_filter_gzip(reader) != ARCHIVE_OK) return false;
      break;
    case Format::xz:
      if (archive_read_support_filter_xz(reader) != ARCHIVE_OK) return false;
      break;
    case Format::zstd:
      if (archive_read_support_filter_zstd(reader) != ARCHIVE_OK) return false;
      break;
  }
  return archive_read_support_format_tar(reader) == ARCHIVE_OK;
}

std::string text_of(const char* raw, const char* utf8) { return raw != nullptr ? raw : utf8 != nullptr ? utf8 : ""; }

ArchiveMember::Type type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr)
    return ArchiveMember::Type::hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return ArchiveMember::Type::file;
    case AE_IFDIR: return ArchiveMember::Type::folder;
    case AE_IFLNK: return ArchiveMember::Type::symlink;
    default: return ArchiveMember::Type::other;
  }
}

class LibarchiveReader final : public ArchiveReader {
 public:
  LibarchiveReader(Reader reader, std::string path) : reader_(std::move(reader)), path_(std::move(path)) {}

  Result<std::optional<ArchiveMember>> next() override {
    const Utf8Locale locale;
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader_.get(), &entry);
    if (status == ARCHIVE_EOF) return std::optional<ArchiveMember>();
    // Warnings are refused too: what libarchive only shrugs at, another reader may read otherwise.
    if (status != ARCHIVE_OK) return fail(damaged(path_, reason()));
    // One filter and the plain bytes below it; a gzip inside a gzip is a bomb's way past the ratio.
    if (archive_filter_count(reader_.get()) > 2) return fail(damaged(path_, "it is packed more than once"));
    ArchiveMember member;
    member.type = type_of(entry);
    member.path = text_of(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
    if (member.type == ArchiveMember::Type::symlink)
      member.target = text_of(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
    if (member.type == ArchiveMember::Type::hardlink)
      member.target = text_of(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
    member.mode = static_cast<std::uint32_t>(archive_entry_perm(entry)) & 07777U;
    const auto size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
    if (size < 0) return fail(damaged(path_, "a member has a negative size"));
    member.size = static_cast<std::uint64_t>(size);
    member.sparse = archive_entry_sparse_reset(entry) > 0;
    return member;
  }

  Result<std::size_t> read(std::span<std::byte> out) override {
    const auto n = archive_read_data(reader_.get(), out.data(), out.size());
    if (n < 0) return fail(damaged(path_, reason()));
    return static_cast<std::size_t>(n);
  }

 private:
  std::string reason() const {
    const char* text = archive_error_string(reader_.get());
    return text == nullptr ? "it is damaged" : printable(text);
  }

  Reader reader_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<ArchiveReader>> open_reader(const std::string& path) {
  const auto format = TRY(format_of(path));
  Reader reader(archive_read_new());
  if (reader == nullptr) return fail(Code::io, "cannot read `" + path + "`", "out of memory");
  if (!enable(reader.get(), format))
    return fail(Code::io, "cannot read `" + path + "`", "this libarchive lacks the decoder for it");
  if (archive_read_open_filename(reader.get(), path.c_str(), block_bytes) != ARCHIVE_OK) {
    const char* text = archive_error_string(reader.get());
    return fail(damaged(path, text == nullptr ? "it is damaged" : printable(text)));
  }
  return std::make_unique<LibarchiveReader>(std::move(reader), path);
}

}  // namespace cudaenv
