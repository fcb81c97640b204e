#include "unpack/wheel_record.hpp"

#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"

namespace cudaenv::unpack {

namespace {

std::unexpected<Error> refuse(std::string_view rule, std::string_view file, std::string cause) {
  return fail(Code::integrity, "cannot take the member `" + printable(file) + "`",
              "it breaks the rule " + std::string(rule) + ": " + std::move(cause));
}

/// The fields of one CSV line; nullopt when a quote is out of place.
std::optional<std::vector<std::string>> parse_row(std::string_view line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') {
      fields.emplace_back();
    } else if (line[i] != '"') {
      fields.back() += line[i];
    } else {
      if (!fields.back().empty()) return std::nullopt;
      for (++i;; ++i) {
        if (i >= line.size()) return std::nullopt;
        if (line[i] != '"') fields.back() += line[i];
        else if (i + 1 < line.size() && line[i + 1] == '"') fields.back() += line[i++];
        else break;
      }
      if (i + 1 < line.size() && line[i + 1] != ',') return std::nullopt;
    }
  }
  return fields;
}

/// 43 characters of URL-safe base64 without padding, as 64 hex digits.
std::optional<std::string> hex_of_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr const char* digits = "0123456789abcdef";
  if (text.size() != 43) return std::nullopt;
  std::string hex;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<unsigned>(value);
    for (count += 6; count >= 4; count -= 4) hex += digits[(bits >> (count - 4)) & 15U];
  }
  // 258 bits for 256: the last two must be zero, else two spellings would mean one digest.
  if ((bits & 3U) != 0) return std::nullopt;
  return hex;
}

bool is_signature(std::string_view path, const std::string& record_path) {
  return path == record_path + ".jws" || path == record_path + ".p7s";
}

Result<void> check_row(const WheelFile& file, const std::string& digest, const std::string& size) {
  if (!digest.starts_with("sha256=")) return refuse("record-hash-kind", file.path, "its row in RECORD has no sha256");
  const auto hex = hex_of_base64(std::string_view(digest).substr(7));
  if (!hex || *hex != file.sha256) return refuse("record-hash", file.path, "its bytes are not those that RECORD names");
  if (parse_u64(size) != file.size) return refuse("record-size", file.path, "its size is not the one that RECORD names");
  return {};
}

}  // namespace

Result<std::string> find_record(const std::vector<WheelFile>& files) {
  std::set<std::string> folders;
  std::string record;
  for (const auto& file : files) {
    const auto top = file.path.substr(0, file.path.find('/'));
    if (!top.ends_with(".dist-info") || top == file.path) continue;
    folders.insert(top);
    if (file.path == top + "/RECORD") record = file.path;
  }
  if (folders.size() > 1) return refuse("record-folders", *folders.rbegin(), "the wheel has two .dist-info folders");
  if (record.empty()) return refuse("record-missing", "RECORD", "the wheel has none");
  return record;
}

Result<void> verify_record(const std::vector<WheelFile>& files, const std::string& record_path, std::string_view record) {
  std::map<std::string_view, const WheelFile*> left;
  for (const auto& file : files)
    if (file.path != record_path) left.emplace(file.path, &file);
  std::set<std::string> rows;
  if (!is_utf8(record)) return refuse("record-format", record_path, "it is not UTF-8 text");
  for (auto line : split(record, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto row = parse_row(line);
    if (!row || row->size() != 3) return refuse("record-format", record_path, "the line `" + printable(line, 80) + "` is malformed");
    const auto& path = (*row)[0];
    if (!rows.insert(path).second) return refuse("record-duplicate", path, "RECORD names it twice");
    if (path == record_path) {
      if (!(*row)[1].empty()) return refuse("record-self", path, "RECORD names a hash of itself");
      continue;
    }
    const auto found = left.find(path);
    if (found == left.end()) return refuse("record-extra-row", path, "RECORD names it, and the wheel does not have it");
    if (!is_signature(path, record_path)) TRY(check_row(*found->second, (*row)[1], (*row)[2]));
    left.erase(found);
  }
  for (const auto& [path, file] : left)
    if (!is_signature(path, record_path)) return refuse("record-missing-row", path, "RECORD does not name it");
  return {};
}

}  // namespace cudaenv::unpack
