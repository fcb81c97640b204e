#include "sys/toml_file.hpp"

#include <nlohmann/json.hpp>
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

Error malformed(const std::string& name, const std::string& place, std::string_view cause) {
  return make_error(Code::config, "cannot read `" + name + "`", place + ": " + printable(cause));
}

}  // namespace

Result<nlohmann::json> parse_toml(std::string_view text, const std::string& name) {
  // toml++ 3.3 takes invalid UTF-8 for granted in places; nothing that reaches it may hold any.
  if (!is_utf8(text)) return fail(malformed(name, name, "it is not UTF-8 text"));
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
