#include "app/select.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/driver.hpp"
#include "app/torch.hpp"
#include "base/text.hpp"
#include "project/config.hpp"
#include "project/find_pin.hpp"
#include "project/pip_index.hpp"
#include "project/selection.hpp"
#include "store/installed.hpp"
#include "store/layout.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

namespace {

constexpr const char* system_root = "/usr/local/cuda";

VersionSpec parsed(std::string_view text) {
  VersionSpec spec;
  const char* reason = nullptr;
  (void)parse_spec(text, spec, reason);  // Selection holds only specs that were accepted once
  return spec;
}

std::string shell_word(std::string_view spec) {
  return spec.find_first_of("<>=! ,") == std::string_view::npos ? std::string(spec) : fmt::format("'{}'", spec);
}

Error not_installed(const Selection& selection, std::string_view spec) {
  auto shown = spec == selection.spec ? std::string(spec) : fmt::format("{}` = `{}", selection.spec, spec);
  const bool driver = parsed(selection.spec).kind == VersionSpec::Kind::driver;
  const bool link = parsed(spec).kind == VersionSpec::Kind::name;
  return make_error(Code::not_installed,
                    fmt::format("toolkit `{}` is not installed (set by {})", shown, describe(selection.origin)), {},
                    link ? fmt::format("cudaenv link /path/of/a/toolkit {}", spec)
                         : fmt::format("cudaenv install {}", shell_word(driver ? selection.spec : spec)));
}

Result<Receipt> system_toolkit(const Selection& selection) {
  auto receipt = store::inspect_tree(system_root);
  if (!receipt)
    return fail(Code::not_installed, fmt::format("the system has no toolkit (set by {})", describe(selection.origin)),
                fmt::format("nothing usable at {}", system_root), "cudaenv install latest");
  receipt->linked = true;
  return std::move(*receipt);
}

// The toolkits that are `full` on this driver and these GPUs.
Result<std::string> versions_for_driver(const World& world, const Selection& selection) {
  const auto what = [&] { return fmt::format("cannot tell what `driver` means here (set by {})", describe(selection.origin)); };
  const auto facts = TRY(kept_driver_facts(world));
  if (facts.libcuda.kind == LibcudaFacts::Kind::missing) return fail(Code::driver, what(), "no driver was found", "cudaenv driver");
  return TRY_CTX(spec_for_driver(world, facts), what());
}

Result<std::string> spec_for_torch(const World& world, const Selection& selection) {
  const auto found = TRY(torch_here(world));
  const auto what = fmt::format("cannot tell what `torch` means here (set by {})", describe(selection.origin));
  if (!found) return fail(Code::config, what, "no torch in the active environment nor in .venv", "python3 -m pip install torch");
  if (!found->cuda) return fail(Code::config, what, fmt::format("{} is a build without CUDA", printable(found->file, 4096)));
  return *found->cuda;
}

}  // namespace

namespace {
// Anybody may own it: whoever may write to the root decides what runs from there anyway.
Result<std::shared_ptr<const PinFile>> default_pin(const World& world) {
  const auto file = default_file(world);
  if (TRY(fs::status_of_target(file)).type == fs::Type::missing) return std::shared_ptr<const PinFile>{};
  return project::read_pin(file);
}

Result<project::FoundPin> nearest_pin(const World& world) {
  return project::find_pin(world.cwd, world.env.get("HOME").value_or(""), world.user);
}
}  // namespace

std::string default_file(const World& world) { return world.paths.root + "/default"; }

Result<std::optional<std::string>> read_default(const World& world) {
  const auto file = TRY(default_pin(world));
  if (!file || file->pin.toolkit_line == 0) return std::optional<std::string>{};
  return std::optional(std::string(file->pin.toolkit.text));
}

Result<void> write_default(const World& world, const std::optional<std::string>& spec) {
  if (!spec) return fs::remove_file(default_file(world));
  TRY(fs::make_folders(world.paths.root));
  return fs::write_file_atomic(default_file(world), *spec + "\n");
}

Result<Selection> find_selection(const World& world, const std::optional<std::string>& flag) {
  project::Wishes wishes;
  wishes.flag = flag;
  wishes.variable = world.env.get("CUDAENV_TOOLKIT");
  if (!wishes.flag && !wishes.variable) {
    wishes.found = TRY(nearest_pin(world));
    wishes.fallback = TRY(default_pin(world));
  }
  return project::choose_selection(wishes);
}

Result<std::shared_ptr<const PinFile>> project_pin(const World& world) {
  return TRY(nearest_pin(world)).pin;
}

Result<std::string> concrete_spec(const World& world, const Selection& selection) {
  switch (parsed(selection.spec).kind) {
    case VersionSpec::Kind::driver: return versions_for_driver(world, selection);
    case VersionSpec::Kind::torch: return spec_for_torch(world, selection);
    default: return selection.spec;
  }
}

Result<Receipt> find_toolkit(const World& world, const Selection& selection) {
  if (selection.spec.empty())
    return fail(Code::not_installed, "no toolkit is selected here", "no .cudaenv, no $CUDAENV_TOOLKIT and no default",
                "cudaenv local 13.0");
  const auto text = TRY(concrete_spec(world, selection));
  const auto spec = parsed(text);
  if (spec.kind == VersionSpec::Kind::system) return system_toolkit(selection);
  const auto installed = TRY(store::read_installed({world.paths.root}));
  // Damaged toolkits take part: to fall back to the next best one would be to change it in silence.
  std::vector<std::string> names;
  for (const auto& one : installed.toolkits) names.insert(names.end(), one.names.begin(), one.names.end());
  for (const auto& one : installed.damaged) names.push_back(one.name);
  const auto name = store::choose_name(spec, names);
  if (!name) return fail(not_installed(selection, text));
  for (const auto& one : installed.damaged)
    if (one.name == *name)
      return fail(Code::integrity, fmt::format("toolkit `{}` is damaged (set by {})", *name, describe(selection.origin)),
                  one.reason, fmt::format("cudaenv install {}", *name));
  for (auto receipt : installed.toolkits)
    if (std::find(receipt.names.begin(), receipt.names.end(), *name) != receipt.names.end()) {
      receipt.path = TRY(fs::real_path(receipt.path));
      return receipt;
    }
  return fail(not_installed(selection, text));
}

Result<Selected> select(const World& world, const std::optional<std::string>& flag) {
  auto selection = TRY(find_selection(world, flag));
  auto toolkit = TRY(find_toolkit(world, selection));
  return Selected{std::move(selection), std::move(toolkit)};
}

std::string name_of(const Receipt& toolkit) {
  const std::string version(to_text(toolkit.version).view());
  if (toolkit.names.empty()) return toolkit.linked ? "system" : version;
  const bool own = std::find(toolkit.names.begin(), toolkit.names.end(), version) != toolkit.names.end();
  return own ? version : toolkit.names.front();
}

Result<Config> configuration(const World& world) { return project::read_config(world); }

Result<std::string> channel_url(const World& world, const ChannelConfig& channel) {
  if (!channel.url.value.empty()) return channel.url.value;
  auto index = project::pip_index(world);
  if (!index) {
    auto error = std::move(index).error();
    error.hint = fmt::format("set url under [channel.{}] in {}, or: {}", channel.name, world.paths.config_file, error.hint);
    return fail(std::move(error));
  }
  return index->value;
}

}  // namespace cudaenv::app
