#include "project/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "model/pin_value.hpp"
#include "sys/fs.hpp"
#include "sys/toml_file.hpp"

namespace cudaenv::project {

namespace {

constexpr std::uint64_t max_bytes = 1 << 20;

// The line of `key` in `[section]` ("" before the first header), for messages: toml++ gives values
// without their place once they are JSON. 0 where the key is written in some other way.
std::uint32_t line_of(std::string_view text, std::string_view section, std::string_view key) {
  std::string_view current;
  std::uint32_t number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.starts_with('[')) {
      current = trim(line.substr(1, line.find(']') == std::string_view::npos ? line.size() : line.find(']') - 1));
      if (key.empty() && current == section) return number;
      continue;
    }
    if (current != section || key.empty() || !line.starts_with(key)) continue;
    const auto rest = trim(line.substr(key.size()));
    if (rest.starts_with('=')) return number;
  }
  return 0;
}

class Overlay {
 public:
  Overlay(std::string_view text, const std::string& name, Config& config) : text_(text), name_(name), config_(config) {}

  Result<void> lay(const nlohmann::json& root) {
    for (const auto& [key, value] : root.items()) {
      if (key == "channels") TRY(lay_channels(value));
      else if (key == "library-path") TRY(lay_library_path(value));
      else if (key == "jobs") TRY(lay_jobs(value));
      else if (key == "channel") TRY(lay_channel_tables(value));
      else warn_unknown("", key);
    }
    return {};
  }

 private:
  Origin origin(std::string_view section, std::string_view key) const {
    return {Origin::Kind::file, name_, line_of(text_, section, key)};
  }
  std::unexpected<Error> bad(std::string_view section, std::string_view key, const std::string& cause) const {
    const auto full = section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
    return fail(Code::config, fmt::format("cannot use `{}` of the configuration", printable(full)),
                fmt::format("{}: {}", describe(origin(section, key)), cause), "cudaenv config");
  }
  void warn_unknown(std::string_view section, std::string_view key) {
    config_.warnings.push_back(fmt::format("{}: unknown key `{}`", describe(origin(section, key)), printable(key)));
  }

  Result<void> lay_channels(const nlohmann::json& value) {
    std::vector<std::string> names;
    if (!value.is_array() || value.empty()) return bad("", "channels", "expected a list of names, such as [\"nvidia\", \"wheels\"]");
    for (const auto& one : value) {
      if (!one.is_string() || one.get_ref<const std::string&>().empty()) return bad("", "channels", "expected names in quotes");
      names.push_back(one.get<std::string>());
      if (std::count(names.begin(), names.end(), names.back()) > 1)
        return bad("", "channels", fmt::format("`{}` is there twice", printable(names.back())));
    }
    config_.channels = {std::move(names), origin("", "channels")};
    return {};
  }

  Result<void> lay_library_path(const nlohmann::json& value) {
    for (const auto policy : {LibraryPathPolicy::automatic, LibraryPathPolicy::always, LibraryPathPolicy::never})
      if (value.is_string() && value.get_ref<const std::string&>() == library_path_name(policy)) {
        config_.library_path = {policy, origin("", "library-path")};
        return {};
      }
    return bad("", "library-path", "expected \"auto\", \"always\" or \"never\"");
  }

  Result<void> lay_jobs(const nlohmann::json& value) {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > 256)
      return bad("", "jobs", "expected a number from 0 to 256");
    config_.jobs = {value.get<std::uint32_t>(), origin("", "jobs")};
    return {};
  }

  Result<void> lay_channel_tables(const nlohmann::json& value) {
    if (!value.is_object()) return bad("", "channel", "expected tables such as [channel.site]");
    for (const auto& [name, table] : value.items()) TRY(lay_channel(name, table));
    return {};
  }

  Result<void> lay_channel(const std::string& name, const nlohmann::json& table) {
    const auto section = "channel." + name;
    if (const char* reason = channel_fault(name); reason != nullptr) return bad(section, "", reason);
    if (!table.is_object()) return bad("", section, "expected a table");
    auto& channel = entry(name);
    for (const auto& [key, value] : table.items()) {
      if (key == "kind") TRY(lay_kind(section, value, channel));
      else if (key == "url") TRY(lay_url(section, value, channel));
      else if (key == "allow-http") {
        if (!value.is_boolean()) return bad(section, key, "expected true or false");
        channel.allow_http = {value.get<bool>(), origin(section, key)};
      } else warn_unknown(section, key);
    }
    return {};
  }

  Result<void> lay_kind(const std::string& section, const nlohmann::json& value, ChannelConfig& channel) const {
    for (const auto kind : {ChannelKind::redist, ChannelKind::wheels})
      if (value.is_string() && value.get_ref<const std::string&>() == channel_kind_name(kind)) {
        channel.kind = {kind, origin(section, "kind")};
        return {};
      }
    return bad(section, "kind", "expected \"redist\" or \"wheels\"");
  }

  Result<void> lay_url(const std::string& section, const nlohmann::json& value, ChannelConfig& channel) const {
    if (!value.is_string()) return bad(section, "url", "expected text");
    auto url = value.get<std::string>();
    const bool known = url.starts_with("https://") || url.starts_with("file:///") || url.starts_with("http://");
    if (!known || url.find_first_of(" \t\r\n") != std::string::npos)
      return bad(section, "url", fmt::format("expected an https:// or file:/// address, got `{}`", printable(url)));
    if (!url.ends_with('/')) url += '/';
    channel.url = {std::move(url), origin(section, "url")};
    return {};
  }

  ChannelConfig& entry(const std::string& name) {
    for (auto& one : config_.channel)
      if (one.name == name) return one;
    ChannelConfig fresh;
    fresh.name = name;
    return config_.channel.emplace_back(std::move(fresh));
  }

  std::string_view text_;
  const std::string& name_;
  Config& config_;
};

bool loopback(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  const auto host = url.substr(0, url.find('/'));
  if (host.find('@') != std::string_view::npos) return false;
  const auto is = [&](std::string_view name) { return host == name || host.starts_with(std::string(name) + ":"); };
  return is("127.0.0.1") || is("localhost") || is("[::1]");
}

// What can only be judged once every file is read.
Result<void> check_whole(const Config& config) {
  const auto wrong = [](const Origin& origin, const std::string& cause) {
    return fail(Code::config, "cannot use the configuration", fmt::format("{}: {}", describe(origin), cause), "cudaenv config");
  };
  for (const auto& name : config.channels.value)
    if (config.find_channel(name) == nullptr)
      return wrong(config.channels.origin, fmt::format("there is no [channel.{}]", printable(name)));
  for (const auto& channel : config.channel) {
    if (channel.kind.origin.kind == Origin::Kind::none)
      return wrong(channel.url.origin, fmt::format("[channel.{}] needs `kind`", channel.name));
    if (channel.url.value.empty() && channel.kind.value == ChannelKind::redist)
      return wrong(channel.kind.origin, fmt::format("[channel.{}] needs `url`", channel.name));
    if (channel.url.value.starts_with("http://") && !channel.allow_http.value && !loopback(channel.url.value))
      return wrong(channel.url.origin, fmt::format("[channel.{}] is plain http: use https, or set allow-http = true", channel.name));
  }
  return {};
}

}  // namespace

Config default_config() {
  const Origin built_in{Origin::Kind::fallback, {}, 0};
  Config config;
  config.channels = {{"nvidia", "wheels"}, built_in};
  config.library_path = {LibraryPathPolicy::automatic, built_in};
  config.jobs = {0, built_in};
  ChannelConfig nvidia, wheels;
  nvidia.name = "nvidia";
  nvidia.kind = {ChannelKind::redist, built_in};
  nvidia.url = {"https://developer.download.nvidia.com/compute/cuda/redist/", built_in};
  wheels.name = "wheels";
  wheels.kind = {ChannelKind::wheels, built_in};
  wheels.url = {"", built_in};
  config.channel = {nvidia, wheels};
  return config;
}

Result<void> overlay_config(std::string_view text, const std::string& name, Config& config) {
  const auto root = TRY(parse_toml(text, name));
  return Overlay(text, name, config).lay(root);
}

Result<Config> read_config(const World& world, const std::string& site_file) {
  auto config = default_config();
  for (const auto& file : {site_file, world.paths.config_file}) {
    if (file.empty() || TRY(fs::status_of_target(file)).type == fs::Type::missing) continue;
    auto text = fs::read_file(file, max_bytes);
    if (!text) {
      auto error = std::move(text).error().wrap("cannot read the configuration");
      error.code = Code::config;
      return fail(std::move(error));
    }
    TRY(overlay_config(*text, file, config));
  }
  TRY(check_whole(config));
  return config;
}

}  // namespace cudaenv::project
