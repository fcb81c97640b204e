#include "store/installed.hpp"

#include <algorithm>

#include "store/names.hpp"
#include "store/receipt.hpp"
#include "store/root.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::string_view toolkit_prefix = "../toolkits/";
constexpr std::uint64_t receipt_max_bytes = 256 * 1024;

Result<Receipt> read_linked(const Layout& layout, const std::string& name, const std::string& path) {
  const auto file = layout.link_receipt(name);
  const auto text = TRY(fs::read_file(file, receipt_max_bytes));
  auto receipt = TRY(parse_receipt(text, file));
  receipt.path = path;
  receipt.linked = true;
  return receipt;
}

// The receipt behind one entry of names/, or why it cannot be trusted.
Result<Receipt> read_entry(const Layout& layout, const std::string& name, const std::string& target) {
  const bool managed = target.starts_with(toolkit_prefix);
  const auto path = managed ? layout.toolkit(target.substr(toolkit_prefix.size())) : target;
  if (!managed && !target.starts_with('/')) return fail(Code::integrity, "cannot read the name `" + name + "`",
                                                        "it leads to `" + target + "`");
  if (TRY(fs::status_of_target(path)).type != fs::Type::folder)
    return fail(Code::integrity, "cannot read the toolkit `" + name + "`", path + " is missing");
  auto receipt = TRY(managed ? read_receipt(path) : read_linked(layout, name, path));
  if (managed && receipt.id != fs::base_name(path))
    return fail(Code::integrity, "cannot read the toolkit `" + name + "`", "its receipt is of another one");
  if (auto missing = spot_check(receipt); !missing.empty())
    return fail(Code::integrity, "cannot read the toolkit `" + name + "`", missing);
  return receipt;
}

std::string reason_of(const Error& error) { return error.causes.empty() ? error.what : error.causes.front(); }

bool before(const Receipt& a, const Receipt& b) {
  const int order = compare(a.version, b.version);
  if (order != 0) return order > 0;
  if (a.linked != b.linked) return !a.linked;
  return a.names < b.names;
}

}  // namespace

Result<Installed> read_installed(const Layout& layout) {
  Installed installed;
  TRY(check_layout_version(layout));
  for (const auto& name : TRY(list_names(layout))) {
    auto target = fs::read_link(layout.name(name));
    if (!target) {
      installed.damaged.push_back({name, layout.name(name), "it is not a link"});
      continue;
    }
    auto receipt = read_entry(layout, name, *target);
    if (!receipt) {
      const auto path = target->starts_with('/') ? *target : layout.toolkit(fs::base_name(*target));
      installed.damaged.push_back({name, path, reason_of(receipt.error())});
      continue;
    }
    const auto same = std::find_if(installed.toolkits.begin(), installed.toolkits.end(),
                                   [&](const Receipt& other) { return other.path == receipt->path; });
    if (same != installed.toolkits.end()) {
      same->names.push_back(name);
      continue;
    }
    receipt->names = {name};
    installed.toolkits.push_back(std::move(*receipt));
  }
  std::sort(installed.toolkits.begin(), installed.toolkits.end(), before);
  return installed;
}

std::optional<std::string> choose_name(const VersionSpec& spec, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  Version best_version;
  for (const auto& name : names) {
    if (spec.kind == VersionSpec::Kind::name && name == spec.text) return name;
    Version version;
    if (!parse_version(name, version) || !matches(spec, version)) continue;
    if (best != nullptr && !chosen_before(version, name, best_version, *best)) continue;
    best = &name;
    best_version = version;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::optional<Receipt> choose(const VersionSpec& spec, const Installed& installed, const std::string& system_root) {
  if (spec.kind == VersionSpec::Kind::system) {
    auto receipt = inspect_tree(system_root);
    return receipt ? std::optional(std::move(*receipt)) : std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& toolkit : installed.toolkits) names.insert(names.end(), toolkit.names.begin(), toolkit.names.end());
  // A damaged one takes part: choosing an older toolkit in its place would be a silent fall-back.
  for (const auto& damaged : installed.damaged) names.push_back(damaged.name);
  const auto name = choose_name(spec, names);
  if (!name) return std::nullopt;
  for (const auto& toolkit : installed.toolkits)
    if (std::find(toolkit.names.begin(), toolkit.names.end(), *name) != toolkit.names.end()) return toolkit;
  return std::nullopt;
}

}  // namespace cudaenv::store
