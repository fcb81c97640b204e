#include "fetch/part.hpp"

#include <nlohmann/json.hpp>

#include "fetch/http_fields.hpp"
#include "sys/fs.hpp"

namespace cudaenv::fetch {

namespace {
constexpr std::uint64_t max_sidecar_bytes = 16 * 1024;
}

std::string Validators::if_range() const { return is_strong_etag(etag) ? etag : last_modified; }

Validators validators_of(const std::map<std::string, std::string>& headers) {
  const auto value = [&](const char* name) {
    const auto found = headers.find(name);
    return found == headers.end() || found->second.size() > 512 ? std::string() : found->second;
  };
  return {value("etag"), value("last-modified")};
}

Result<std::optional<Part>> Part::open(IoModule& io, const std::string& folder, const std::string& sha256,
                                       std::uint64_t size) {
  auto file = TRY(GrowingFile::open(folder + "/" + sha256 + ".part"));
  if (!file) return std::optional<Part>();
  Part part(io, std::move(*file), folder, sha256);
  const auto validators = part.read_sidecar();
  if (validators) part.validators_ = *validators;
  if (part.size() > 0 && (!validators || (size > 0 && part.size() > size))) TRY(part.file_.clear());
  TRY(part.rehash());
  return std::optional(std::move(part));
}

std::optional<Validators> Part::read_sidecar() const {
  const auto text = fs::read_file(sidecar_path(), max_sidecar_bytes);
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto field = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return Validators{field("etag"), field("last_modified")};
}

Result<void> Part::rehash() {
  hash_ = io_->sha256();
  if (size() == 0) return {};
  return file_.read([this](std::span<const std::byte> bytes) { hash_->update(bytes); });
}

Result<void> Part::append(std::span<const std::byte> bytes) {
  hash_->update(bytes);
  return file_.append(bytes);
}

Result<void> Part::start_over(const Validators& validators) {
  TRY(file_.clear());
  hash_ = io_->sha256();
  validators_ = validators;
  // Written before the first byte: bytes whose origin is not known are never gone on from.
  // A server may send any bytes; JSON takes only UTF-8, so others are replaced and will simply not match.
  const nlohmann::json json{{"etag", validators.etag}, {"last_modified", validators.last_modified}};
  return fs::write_file_atomic(sidecar_path(), json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void Part::discard() {
  (void)fs::remove_file(sidecar_path());
  (void)fs::remove_file(folder_ + "/" + sha256_ + ".part");
}

// No fsync: whoever takes a file from the cache hashes it again, so that a name outliving its bytes is noticed.
Result<bool> Part::promote(std::string& got) {
  got = hash_->finish();
  if (got != sha256_) return false;
  TRY(file_.move_to(final_path()));
  TRY(fs::remove_file(sidecar_path()));
  return true;
}

Result<std::string> sha256_of_file(IoModule& io, const std::string& path) {
  const auto hash = io.sha256();
  TRY(fs::read_blocks(path, [&](std::span<const std::byte> bytes) { hash->update(bytes); }));
  return hash->finish();
}

}  // namespace cudaenv::fetch
