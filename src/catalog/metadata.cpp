#include "catalog/metadata.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace cudaenv {

namespace {

constexpr std::size_t max_fields = 20'000;

// Takes the next line without its end; false at the end of the text.
bool next_line(std::string_view& rest, std::string_view& line) {
  if (rest.empty()) return false;
  const auto end = rest.find('\n');
  line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

void take(Metadata& out, std::string_view field, std::string value) {
  const std::string key = lower(field);
  if (key == "name" && out.name.empty()) out.name = std::move(value);
  else if (key == "version" && out.version.empty()) out.version = std::move(value);
  else if ((key == "license-expression" || key == "license") && out.license.empty()) out.license = std::move(value);
  else if (key == "provides-extra") out.extras.push_back(std::move(value));
  else if (key == "requires-dist") out.requires_dist.push_back(std::move(value));
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view text) {
  const auto refused = [](std::string cause) {
    return fail(Code::integrity, "cannot read the METADATA of a wheel", std::move(cause));
  };
  if (text.size() > max_metadata_bytes) return refused("it is longer than 4 MiB");
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Metadata out;
  std::string field;
  std::string value;
  std::size_t fields = 0;
  for (std::string_view line; next_line(text, line) && !line.empty();) {
    if (line.front() == ' ' || line.front() == '\t') {  // folded: belongs to the line before
      if (!field.empty()) value.append(" ").append(trim(line));
      continue;
    }
    if (!field.empty()) take(out, field, std::move(value));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return refused("line `" + printable(line, 80) + "` is no `Field: value`");
    if (++fields > max_fields) return refused("it has more than 20000 fields");
    field = trim(line.substr(0, colon));
    value = trim(line.substr(colon + 1));
  }
  if (!field.empty()) take(out, field, std::move(value));
  if (out.name.empty() || out.version.empty()) return refused("it has no Name or no Version");
  return out;
}

}  // namespace cudaenv
