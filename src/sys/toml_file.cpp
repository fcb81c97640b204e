#include "sys/toml_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

// toml++ 3.3 asserts on some malformed input ("[."); thrown, it becomes an error like any other.
// (Inside its noexcept functions that would still end the program; none of those asserts depends on input.)
#pragma GCC diagnostic ignored "-Wterminate"
#undef NDEBUG
#define TOML_ASSERT(expr) \
  do {                    \
    if (!(expr)) throw std::runtime_error("malformed TOML"); \
  } while (false)
#include <toml++/toml.h>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv {

namespace {

constexpr std::uint64_t max_file_bytes = 4U << 20;

nlohmann::json to_json(const toml::node& node);

nlohmann::json to_json(const toml::table& table) {
  auto object = nlohmann::json::object();
  for (const auto& [key, value] : table) object[std::string(key.str())] = to_json(value);
  return object;
}

nlohmann::json to_json(const toml::array& array) {
  auto list = nlohmann::json::array();
  for (const auto& value : array) list.push_back(to_json(value));
  return list;
}

template <class Date>
std::string date_text(const Date& date) {
  std::ostringstream out;
  out << date;
  return out.str();
}

nlohmann::json to_json(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return to_json(*node.as_table());
    case toml::node_type::array: return to_json(*node.as_array());
    case toml::node_type::string: return node.as_string()->get();
    case toml::node_type::integer: return node.as_integer()->get();
    case toml::node_type::floating_point: return node.as_floating_point()->get();
    case toml::node_type::boolean: return node.as_boolean()->get();
    case toml::node_type::date: return date_text(node.as_date()->get());
    case toml::node_type::time: return date_text(node.as_time()->get());
    case toml::node_type::date_time: return date_text(node.as_date_time()->get());
    case toml::node_type::none: break;
  }
  return nullptr;
}

/// Where `text` holds a character outside ASCII that is in no comment and no string, as an offset. toml++ 3.3 looks
/// such characters up in a table whose gaps it declares unreachable; TOML 1.0 allows none there anyway.
class StrayCharacter {
 public:
  explicit StrayCharacter(std::string_view text) : text_(text) {}

  std::optional<std::size_t> find() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_foreign(c)) return at_;
      if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c != '"' && c != '\'') ++at_;
      else if (const auto stray = skip_string(c)) return stray;
    }
    return std::nullopt;
  }

 private:
  static bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  // A string that does not end is the parser's to report.
  std::optional<std::size_t> skip_string(char quote) {
    const std::string three(3, quote);
    const bool many_lines = text_.substr(at_).starts_with(three);
    at_ += many_lines ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"') {
        at_ += 2;
        if (many_lines && at_ <= text_.size() && is_blank(text_[at_ - 1]) && stray_after_blanks()) return at_;
      } else if (many_lines ? text_.substr(at_).starts_with(three) : text_[at_] == quote || text_[at_] == '\n') {
        at_ += many_lines ? 3 : 1;
        return std::nullopt;
      } else {
        ++at_;
      }
    }
    return std::nullopt;
  }

  // A backslash at a line's end makes the parser look for the first character that is no white space.
  bool stray_after_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_ < text_.size() && is_foreign(text_[at_]);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string place_of(std::string_view text, std::size_t offset, const std::string& name) {
  const auto before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto last_line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  // Columns count characters: every byte but the continuations of UTF-8.
  const auto column = std::count_if(last_line.begin(), last_line.end(),
                                    [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }) + 1;
  return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Error malformed(const std::string& name, const std::string& place, std::string_view cause) {
  return make_error(Code::config, "cannot read `" + name + "`", place + ": " + printable(cause));
}

}  // namespace

Result<nlohmann::json> parse_toml(std::string_view text, const std::string& name) {
  // toml++ 3.3 takes invalid UTF-8 for granted in places; nothing that reaches it may hold any.
  if (!is_utf8(text)) return fail(malformed(name, name, "it is not UTF-8 text"));
  if (const auto stray = StrayCharacter(text).find())
    return fail(malformed(name, place_of(text, *stray, name), "only strings and comments may hold more than ASCII"));
  try {
    return to_json(toml::parse(text, name));
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    return fail(malformed(name, name + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column),
                          error.description()));
  } catch (const std::exception& error) {
    return fail(malformed(name, name, error.what()));
  }
}

Result<nlohmann::json> read_toml_file(const std::string& path) {
  return parse_toml(TRY(fs::read_file(path, max_file_bytes)), path);
}

}  // namespace cudaenv
