// `cudaenv config`: every value and who set it.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/select.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/render_json.hpp"

namespace cudaenv::cli {

namespace {

struct Setting {
  std::string key, value;
  Origin origin;
};

std::vector<Setting> settings_of(const Config& config) {
  std::vector<Setting> out{{"channels", join(config.channels.value, ", "), config.channels.origin},
                           {"library-path", std::string(library_path_name(config.library_path.value)), config.library_path.origin},
                           {"jobs", std::to_string(config.jobs.value), config.jobs.origin}};
  for (const auto& channel : config.channel) {
    const auto section = "channel." + channel.name;
    out.push_back({section + ".kind", std::string(channel_kind_name(channel.kind.value)), channel.kind.origin});
    const auto& url = channel.url.value;
    out.push_back({section + ".url", url.empty() ? "the index pip is configured with" : url, channel.url.origin});
    if (channel.allow_http.value) out.push_back({section + ".allow-http", "true", channel.allow_http.origin});
  }
  return out;
}

Result<int> run_config(World& world, const std::string& key) {
  const auto config = TRY(app::configuration(world));
  auto settings = settings_of(config);
  if (!key.empty()) {
    std::erase_if(settings, [&](const Setting& one) { return one.key != key; });
    if (settings.empty()) return fail(Code::usage, "unknown configuration key `" + printable(key) + "`", {}, "cudaenv config");
  }
  if (world.json) {
    auto list = nlohmann::json::array();
    for (const auto& one : settings) list.push_back({{"key", one.key}, {"value", one.value}, {"origin", origin_json(one.origin)}});
    print_json({{"file", world.paths.config_file}, {"settings", list}, {"warnings", config.warnings}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : settings) rows.push_back({one.key, one.value, "(" + describe(one.origin) + ")"});
  print(table(rows));
  for (const auto& text : config.warnings) warn(world, text);
  return 0;
}

}  // namespace

Runner add_config(CLI::App& app) {
  auto key = std::make_shared<std::string>();
  auto show_origin = std::make_shared<bool>(true);
  app.add_option("KEY", *key, "only this one, such as channel.nvidia.url");
  app.add_flag("--show-origin", *show_origin, "who set each value (always shown)");
  return [key, show_origin](World& world) { return run_config(world, *key); };
}

}  // namespace cudaenv::cli
