#include "unpack/unpack.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "sys/confined_folder.hpp"
#include "sys/fs.hpp"
#include "sys/random_file.hpp"
#include "unpack/wheel_record.hpp"
#include "unpack/zip_check.hpp"

namespace cudaenv::unpack {

namespace {

constexpr std::size_t block_bytes = 1 << 20;
constexpr std::uint64_t max_record_bytes = 64U << 20;

/// One archive on its way to the disk.
class Extraction {
 public:
  Extraction(IoModule& io, ConfinedFolder folder, const UnpackOptions& options, std::string archive, std::uint64_t size)
      : io_(io), folder_(std::move(folder)), options_(options), archive_(std::move(archive)), guard_(options.limits, size),
        block_(block_bytes) {}

  /// What the zip's own directory says; from then on each member must be in it.
  void expect(std::vector<ZipEntry> entries) {
    is_wheel_ = true;
    for (auto& entry : entries) expected_.emplace(entry.name, entry.size);
  }

  Result<StagedTree> run(const std::string& shown) {
    const auto reader = TRY(io_.open_archive(archive_));
    while (auto member = TRY(reader->next())) {
      if (is_cancelled()) return fail(interrupted());
      TRY(take(*reader, *member));
    }
    if (!expected_.empty()) return fail(disagreement(expected_.begin()->first));
    TRY(guard_.finish());
    TRY(make_links());
    if (is_wheel_) TRY(check_record(shown));
    tree_.folder = shown;
    std::sort(tree_.entries.begin(), tree_.entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(tree_);
  }

 private:
  Result<void> take(ArchiveReader& reader, const ArchiveMember& member) {
    if (is_wheel_) TRY(cross_off(member));
    // What is never written cannot do harm: a driver's setuid helper, say, is passed over and not refused.
    if (!is_wheel_ && options_.wanted && !options_.wanted(member.path)) return {};
    auto path = TRY(guard_.admit(member));
    TRY(make_parents(path));
    switch (member.type) {
      case ArchiveMember::Type::folder: return make_folder(path);
      case ArchiveMember::Type::file: return write_file(reader, member, std::move(path));
      case ArchiveMember::Type::symlink: links_.emplace_back(std::move(path), member.target); return {};
      case ArchiveMember::Type::hardlink: hard_links_.emplace_back(std::move(path), member.target); return {};
      case ArchiveMember::Type::other: break;
    }
    return fail(Code::internal, "cannot unpack `" + archive_ + "`", "the guard let a special file pass");
  }

  // The library's reading of the zip and our own must be one.
  Result<void> cross_off(const ArchiveMember& member) {
    const auto found = expected_.find(member.path);
    if (found == expected_.end() || found->second != member.size) return fail(disagreement(member.path));
    expected_.erase(found);
    return {};
  }

  Result<void> make_parents(const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      TRY(make_folder(path.substr(0, slash)));
    return {};
  }

  Result<void> make_folder(const std::string& path) {
    if (folders_.contains(path)) return {};
    TRY(folder_.make_folder(path));
    folders_.insert(path);
    tree_.entries.push_back({StagedEntry::Type::folder, path, 0755, 0, {}});
    return {};
  }

  Result<void> write_file(ArchiveReader& reader, const ArchiveMember& member, std::string path) {
    const std::uint32_t mode = (member.mode & 0111U) != 0 ? 0755 : 0644;
    auto file = TRY(folder_.make_file(path, mode, member.size));
    const auto hash = is_wheel_ ? io_.sha256() : nullptr;
    std::uint64_t written = 0;
    while (const auto n = TRY(reader.read(block_))) {
      if (is_cancelled()) return fail(interrupted());
      const auto bytes = std::span<const std::byte>(block_).first(n);
      written += n;
      if (written > member.size) break;
      TRY(file.append(bytes));
      if (hash) hash->update(bytes);
    }
    if (written != member.size) return fail(wrong_size(member.path));
    TRY(file.close());
    if (hash) wheel_files_.push_back({path, hash->finish(), written});
    tree_.entries.push_back({StagedEntry::Type::file, std::move(path), mode, written, {}});
    tree_.bytes += written;
    return {};
  }

  // Last, so that no member can have been written through one.
  Result<void> make_links() {
    for (auto& [path, target] : hard_links_) {
      TRY(folder_.make_hard_link(target, path));
      const auto found = std::find_if(tree_.entries.begin(), tree_.entries.end(), [&](const auto& e) { return e.path == target; });
      if (found == tree_.entries.end()) return fail(Code::internal, "cannot unpack `" + archive_ + "`", "a hard link without its file");
      auto entry = *found;
      entry.path = path;
      tree_.bytes += entry.size;
      tree_.entries.push_back(std::move(entry));
    }
    for (auto& [path, target] : links_) {
      TRY(folder_.make_link(target, path));
      tree_.entries.push_back({StagedEntry::Type::link, std::move(path), 0, 0, std::move(target)});
    }
    return {};
  }

  Result<void> check_record(const std::string& shown) const {
    const auto record = TRY(find_record(wheel_files_));
    return verify_record(wheel_files_, record, TRY(fs::read_file(fs::join(shown, record), max_record_bytes)));
  }

  [[nodiscard]] bool is_cancelled() const { return options_.cancelled && options_.cancelled(); }
  [[nodiscard]] Error interrupted() const { return make_error(Code::interrupted, "interrupted while unpacking"); }
  static Error wrong_size(const std::string& member) {
    return make_error(Code::integrity, "cannot take the member `" + printable(member) + "`",
                      "it breaks the rule size: its data is not as long as it says");
  }
  static Error disagreement(const std::string& member) {
    return make_error(Code::integrity, "cannot take the member `" + printable(member) + "`",
                      "it breaks the rule zip-readers: two readers of the zip see it differently");
  }

  IoModule& io_;
  ConfinedFolder folder_;
  const UnpackOptions& options_;
  std::string archive_;
  PathGuard guard_;
  std::vector<std::byte> block_;
  StagedTree tree_;
  std::set<std::string, std::less<>> folders_;
  std::vector<std::pair<std::string, std::string>> links_, hard_links_;
  bool is_wheel_ = false;
  std::map<std::string, std::uint64_t> expected_;
  std::vector<WheelFile> wheel_files_;
};

Result<bool> is_zip(const RandomFile& file) {
  std::array<std::byte, 2> magic{};
  if (file.size() < magic.size()) return false;
  TRY(file.read(0, magic));
  return magic[0] == std::byte{'P'} && magic[1] == std::byte{'K'};
}

// Only for sizes that the guard can accept: a zip that lies about them is refused as such.
Result<void> check_space(const std::vector<ZipEntry>& entries, std::uint64_t packed, const Limits& limits, const std::string& folder) {
  std::uint64_t needed = 0;
  for (const auto& entry : entries) needed += std::min(entry.size, std::uint64_t{1} << 40U);
  if (needed > limits.total_bytes || needed / limits.ratio > packed) return {};
  const auto available = TRY(fs::free_bytes(folder));
  if (available >= needed) return {};
  return fail(Code::io, "cannot unpack " + human_bytes(needed) + " into `" + folder + "`",
              "only " + human_bytes(available) + " are free there", "cudaenv prune");
}

Result<StagedTree> extract(IoModule& io, const std::string& archive, const std::string& folder, const UnpackOptions& options) {
  const auto file = TRY(RandomFile::open(archive));
  Extraction extraction(io, TRY(ConfinedFolder::open(folder)), options, archive, file.size());
  if (TRY(is_zip(file))) {
    auto entries = TRY(check_zip(file.size(), [&](std::uint64_t at, std::span<std::byte> out) { return file.read(at, out); }));
    TRY(check_space(entries, file.size(), options.limits, folder));
    extraction.expect(std::move(entries));
  }
  return extraction.run(folder);
}

void empty_folder(const std::string& folder) {
  const auto names = fs::list(folder);
  if (!names) return;
  for (const auto& name : *names) (void)fs::remove_tree(fs::join(folder, name));
}

}  // namespace

Result<StagedTree> unpack(IoModule& io, const std::string& archive, const std::string& folder, const UnpackOptions& options) {
  if (!TRY(fs::list(folder)).empty()) return fail(Code::io, "cannot unpack into `" + folder + "`", "it is not empty");
  auto tree = extract(io, archive, folder, options);
  if (tree) return tree;
  empty_folder(folder);
  auto error = std::move(tree).error();
  if (error.code == Code::io || error.code == Code::interrupted) return fail(std::move(error));
  return fail(std::move(error).wrap("cannot unpack `" + archive + "`"));
}

}  // namespace cudaenv::unpack
