#include "activate/apply.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.hpp"

namespace cudaenv::activate {

namespace {

std::string without(std::string_view list, const std::vector<std::string>& folders) {
  std::string out;
  bool first = true;
  for (const auto part : split(list, ':')) {
    if (std::find(folders.begin(), folders.end(), part) != folders.end()) continue;
    if (!first) out += ':';
    out += part;
    first = false;
  }
  return out;
}

void prepend(const std::string& name, const std::vector<std::string>& folders, Variables& variables, Duplicates duplicates) {
  if (folders.empty()) return;
  auto& value = variables[name];
  if (duplicates == Duplicates::drop) value = without(value, folders);
  // An empty variable gets no colon: an empty element means the working directory.
  value = value.empty() ? join(folders, ":") : join(folders, ":") + ":" + value;
}

void remove_element(const Undo::Element& element, Variables& variables) {
  const auto found = variables.find(element.name);
  if (found == variables.end()) return;
  auto& value = found->second;
  if (value == element.folder) {
    if (element.was_set) value.clear();
    else variables.erase(found);
    return;
  }
  std::size_t start = 0;
  for (const auto part : split(value, ':')) {
    if (part == element.folder) {
      // With its colon: the one behind it, or for the last element the one before it.
      const bool last = start + part.size() == value.size();
      value.erase(last ? start - 1 : start, part.size() + 1);
      return;
    }
    start += part.size() + 1;
  }
}

constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:+-";

std::string encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    std::array<char, 4> code{};
    std::snprintf(code.data(), code.size(), "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += code.data();
  }
  return out;
}

int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (plain.find(text[i]) == std::string_view::npos) return std::nullopt;
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex(text[i + 1]), low = hex(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool variable_name(std::string_view text) {
  return !text.empty() && (text.front() < '0' || text.front() > '9') &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

std::string encode_value(char kind, const Undo::Value& value) {
  return std::string(1, kind) + "," + value.name + "," + (value.before ? "=" + encode(*value.before) : "-") + "," +
         encode(value.ours);
}

std::optional<Undo::Value> parse_value(const std::vector<std::string_view>& fields) {
  Undo::Value value{std::string(fields[1]), std::nullopt, {}};
  if (fields[2] != "-") {
    if (!fields[2].starts_with('=')) return std::nullopt;
    value.before = decode(fields[2].substr(1));
    if (!value.before) return std::nullopt;
  }
  const auto ours = decode(fields[3]);
  if (!ours) return std::nullopt;
  value.ours = *ours;
  return value;
}

bool parse_record(std::string_view record, Undo& undo) {
  const auto fields = split(record, ',');
  if (fields.size() != 4 || !variable_name(fields[1])) return false;
  if (fields[0] == "e") {
    const auto folder = decode(fields[2]);
    if (!folder || folder->empty() || (fields[3] != "0" && fields[3] != "1")) return false;
    undo.elements.push_back({std::string(fields[1]), *folder, fields[3] == "1"});
    return true;
  }
  auto value = parse_value(fields);
  if (!value) return false;
  if (fields[0] == "v") undo.values.push_back(std::move(*value));
  else if (fields[0] == "u") undo.use = std::move(*value);
  else return false;
  return true;
}

}  // namespace

Variables apply(const EnvDiff& diff, Variables variables, Duplicates duplicates) {
  for (const auto& name : diff.unset) variables.erase(name);
  for (const auto& [name, value] : diff.set) variables[name] = value;
  for (const auto& [name, folders] : diff.prepend) prepend(name, folders, variables, duplicates);
  return variables;
}

Undo make_undo(const EnvDiff& diff, const Variables& variables) {
  Undo undo;
  for (const auto& [name, ours] : diff.set) {
    const auto before = variables.find(name);
    undo.values.push_back({name, before == variables.end() ? std::nullopt : std::optional(before->second), ours});
  }
  for (const auto& [name, folders] : diff.prepend)
    for (const auto& folder : folders) undo.elements.push_back({name, folder, variables.contains(name)});
  return undo;
}

void revert_value(const Undo::Value& value, Variables& variables) {
  const auto now = variables.find(value.name);
  if (now == variables.end() || now->second != value.ours) return;
  if (value.before) now->second = *value.before;
  else variables.erase(now);
}

Variables revert(const Undo& undo, Variables variables) {
  for (const auto& element : undo.elements) remove_element(element, variables);
  for (const auto& value : undo.values) revert_value(value, variables);
  return variables;
}

std::string encode_undo(const Undo& undo) {
  std::string out = "1";
  for (const auto& value : undo.values) out += ";" + encode_value('v', value);
  for (const auto& element : undo.elements)
    out += ";e," + element.name + "," + encode(element.folder) + (element.was_set ? ",1" : ",0");
  if (undo.use) out += ";" + encode_value('u', *undo.use);
  return out;
}

std::optional<Undo> parse_undo(std::string_view text) {
  const auto records = split(text, ';');
  if (records.front() != "1") return std::nullopt;
  Undo undo;
  for (std::size_t i = 1; i < records.size(); ++i)
    if (!parse_record(records[i], undo)) return std::nullopt;
  return undo;
}

}  // namespace cudaenv::activate
