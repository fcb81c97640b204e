// What is asked for, read from words.
#include <algorithm>

#include "base/text.hpp"
#include "model/pep440.hpp"
#include "resolve/resolve.hpp"

namespace cudaenv {

namespace {

bool component_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

Result<void> append_requests(const std::vector<std::string>& items, std::vector<ComponentRequest>& out) {
  for (const auto& item : items)
    for (const auto part : split(item, ',')) out.push_back(TRY(parse_component_request(trim(part))));
  return {};
}

}  // namespace

Result<ComponentRequest> parse_component_request(std::string_view text) {
  const auto refused = [&](std::string cause) {
    return fail(Code::usage, "cannot read component `" + printable(text, 80) + "`", std::move(cause),
                "cudaenv list --available");
  };
  const auto at = text.find('@');
  const auto name = text.substr(0, at);
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, component_char) || name.front() == '-')
    return refused("expected a name such as `cublas`, or `cudnn@9`");
  ComponentRequest out{std::string(name), {}};
  std::ranges::replace(out.name, '_', '-');
  if (at == std::string_view::npos) return out;
  const auto version = text.substr(at + 1);
  if (version.size() > 32 || version.find_first_not_of("0123456789.") != std::string_view::npos || !pep440::parse(version))
    return refused("expected a version such as `9` or `9.10` after the `@`");
  out.version = version;
  return out;
}

Result<Wanted> make_wanted(const Profiles& profiles, std::string_view profile, const std::vector<std::string>& with,
                           const std::vector<std::string>& only) {
  Wanted out;
  TRY(append_requests(with, out.named));
  TRY(append_requests(only, out.named));
  if (!only.empty() && profile.empty()) return out;
  out.profile_name = profile.empty() ? "compile" : std::string(profile);
  const auto found = profiles.find(out.profile_name);
  if (found == profiles.end()) {
    std::vector<std::string> known;
    for (const auto& [name, components] : profiles) known.push_back(name);
    return fail(Code::usage, "cannot use profile `" + printable(profile, 80) + "`", "the profiles are " + join(known, ", "),
                "cudaenv install --help");
  }
  out.profile = found->second;
  out.everything = found->second.empty();
  return out;
}

}  // namespace cudaenv
