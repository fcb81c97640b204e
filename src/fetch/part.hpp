// The bytes of one artifact while they arrive: `<sha256>.part`, its running digest, and a sidecar that says
// which answer of the server they belong to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sys/growing_file.hpp"
#include "sys/net.hpp"

namespace cudaenv::fetch {

/// What identifies the bytes on the server, for If-Range. Empty fields: the server did not say.
struct Validators {
  std::string etag, last_modified;
  [[nodiscard]] bool usable() const { return !if_range().empty(); }
  /// The strong ETag, else the date, else nothing.
  [[nodiscard]] std::string if_range() const;
};
[[nodiscard]] Validators validators_of(const std::map<std::string, std::string>& headers);

class Part {
 public:
  /// Opens the part of `sha256` in `folder` and hashes what is there again; nullopt while another process has it.
  /// Without a readable sidecar, or when longer than `size` (0: not known), it starts over.
  [[nodiscard]] static Result<std::optional<Part>> open(IoModule& io, const std::string& folder,
                                                        const std::string& sha256, std::uint64_t size);

  [[nodiscard]] std::uint64_t size() const { return file_.size(); }
  [[nodiscard]] const Validators& validators() const { return validators_; }
  [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
  /// Forgets the bytes; the sidecar says from now on that what follows belongs to `validators`.
  [[nodiscard]] Result<void> start_over(const Validators& validators);
  /// Whether the bytes have the promised digest; if so, they now lie at final_path(). `got` gets the digest found.
  [[nodiscard]] Result<bool> promote(std::string& got);
  /// Removes part and sidecar, as far as that is possible.
  void discard();
  [[nodiscard]] std::string final_path() const { return folder_ + "/" + sha256_; }

 private:
  Part(IoModule& io, GrowingFile file, std::string folder, std::string sha256)
      : io_(&io), file_(std::move(file)), folder_(std::move(folder)), sha256_(std::move(sha256)) {}
  [[nodiscard]] Result<void> rehash();
  [[nodiscard]] std::string sidecar_path() const { return folder_ + "/" + sha256_ + ".part.json"; }
  [[nodiscard]] std::optional<Validators> read_sidecar() const;

  IoModule* io_;
  GrowingFile file_;
  std::string folder_, sha256_;
  std::unique_ptr<Sha256> hash_;
  Validators validators_;
};

/// The digest of a whole file.
[[nodiscard]] Result<std::string> sha256_of_file(IoModule& io, const std::string& path);

}  // namespace cudaenv::fetch
