#include "store/canonical.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/text.hpp"

namespace cudaenv::store {

namespace {

std::string_view base(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view after_first(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
}

bool licence_name(std::string_view name) {
  const auto small = lower(name);
  for (const std::string_view begin : {"license", "licence", "copying", "notice", "eula", "third_party"})
    if (small.starts_with(begin)) return true;
  return false;
}

// Both channels spell the main licence differently; the tree must not depend on the channel.
std::string licence_path(std::string_view component, std::string_view inside) {
  auto path = "licenses/" + std::string(component) + "/";
  const auto small = lower(inside);
  return path + (small == "license.txt" || small == "license" ? std::string("LICENSE") : std::string(inside));
}

// A driver archive holds a whole driver; these libraries of it make a compat package (manifests/forward_compat.toml,
// with which a test compares this list).
constexpr std::array<std::string_view, 7> compat_files{"libcuda.so",         "libnvidia-ptxjitcompiler.so", "libnvidia-nvvm",
                                                       "libcudadebugger.so", "libnvidia-pkcs11",            "libnvidia-gpucomp.so",
                                                       "libnvidia-tileiras.so"};

// Of the archive's folders only those for this processor: lib32 has the same names.
std::optional<std::string> compat_path(std::string_view inside) {
  if (inside.find('/') == std::string_view::npos && licence_name(inside)) return licence_path("compat", inside);
  const auto slash = inside.find('/');
  const auto folder = inside.substr(0, slash), name = base(inside);
  if (slash == std::string_view::npos || inside.find('/', slash + 1) != std::string_view::npos) return std::nullopt;
  if (folder != "lib" && folder != "lib64" && folder != "compat") return std::nullopt;
  const bool wanted = std::any_of(compat_files.begin(), compat_files.end(), [&](auto begin) { return name.starts_with(begin); });
  return wanted && name.find(".so") != std::string_view::npos ? std::optional("compat/" + std::string(name)) : std::nullopt;
}

// The part of a wheel's or archive's tree that lies below what becomes the toolkit's folder.
std::optional<std::string> below_prefix(std::string_view component, std::string_view inside) {
  if (inside.empty()) return std::nullopt;
  const auto name = base(inside);
  if (inside.find('/') == std::string_view::npos) {
    if (licence_name(name)) return licence_path(component, name);
    if (name.ends_with(".py") || name.ends_with(".pyi") || name.starts_with('.')) return std::nullopt;
  }
  // A pkg-config file names /usr/local/cuda-X.Y, where this toolkit is not.
  if (name == "__init__.py" || name.ends_with(".pc")) return std::nullopt;
  for (const auto part : split(inside, '/'))
    if (part == ".metadata" || part == "__pycache__" || part == "pkg-config" || part == "pkgconfig")
      return std::nullopt;
  if (inside == "lib64") return "lib";
  if (inside.starts_with("lib64/")) return "lib/" + std::string(inside.substr(6));
  return std::string(inside);
}

std::optional<std::string> wheel_path(std::string_view component, std::string_view member) {
  const auto top = member.substr(0, member.find('/'));
  auto rest = after_first(member);
  if (top.ends_with(".dist-info")) {
    constexpr std::string_view folder = "licenses/";
    if (rest.starts_with(folder)) return licence_path(component, rest.substr(folder.size()));
    if (rest.find('/') == std::string_view::npos && licence_name(rest)) return licence_path(component, rest);
    return std::nullopt;
  }
  if (top != "nvidia") return std::nullopt;
  return below_prefix(component, after_first(rest));
}

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

bool has_interpreter(std::string_view head) {
  constexpr std::uint64_t pt_interp = 3;
  const auto table = number(head, 32, 8), entry = number(head, 54, 2), entries = number(head, 56, 2);
  for (std::uint64_t i = 0; i < entries && entry >= 4; ++i) {
    const auto at = table + i * entry;
    if (at > head.size() || head.size() - at < 4) return false;
    if (number(head, at, 4) == pt_interp) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> canonical_path(ChannelKind kind, std::string_view component, std::string_view member) {
  while (member.ends_with('/')) member.remove_suffix(1);
  if (member.empty() || member.front() == '/') return std::nullopt;
  for (const auto part : split(member, '/'))
    if (part.empty() || part == "." || part == "..") return std::nullopt;
  if (kind == ChannelKind::wheels) return wheel_path(component, member);
  const auto top = member.substr(0, member.find('/'));
  const auto inside = top.ends_with("-archive") ? after_first(member) : member;
  return component == "compat" ? compat_path(inside) : below_prefix(component, inside);
}

bool is_program(std::string_view path, std::string_view head) {
  if (head.starts_with("#!")) return true;
  if (head.size() < 64 || !head.starts_with("\x7f" "ELF\x02\x01")) return false;
  constexpr std::uint64_t type_exec = 2, type_dyn = 3;
  const auto type = number(head, 16, 2);
  if (type == type_exec) return true;
  if (type != type_dyn) return false;
  return path.starts_with("bin/") || path.find("/bin/") != std::string_view::npos || has_interpreter(head);
}

bool may_be_program(std::string_view path) {
  if (path.starts_with("include/") || path.starts_with("licenses/")) return false;
  const auto name = base(path);
  if (name.ends_with(".so") || name.find(".so.") != std::string_view::npos) return false;
  constexpr std::array<std::string_view, 15> never{".h",   ".hpp",   ".cuh",  ".inl", ".a",   ".o",   ".cmake", ".txt",
                                                   ".bc",  ".json",  ".md",   ".ptx", ".cu",  ".html", ".profile"};
  for (const auto ending : never)
    if (name.ends_with(ending)) return false;
  return true;
}

std::optional<std::string> resolve_link(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string> parts;
  for (const auto part : split(path, '/')) parts.emplace_back(part);
  parts.pop_back();
  for (const auto part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
      continue;
    }
    if (parts.empty()) return std::nullopt;
    parts.pop_back();
  }
  return join(parts, "/");
}

}  // namespace cudaenv::store
