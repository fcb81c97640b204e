#include "loader/places.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace cudaenv::loader {

namespace {

std::string without_final_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::vector<std::string_view> elements(std::string_view list, std::string_view separators) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = list.find_first_of(separators);
    out.push_back(list.substr(0, end));
    if (end == std::string_view::npos) return out;
    list.remove_prefix(end + 1);
  }
}

// One list as folders. An empty element stays empty: the working directory; the same folder twice is looked at once.
void add_list(std::vector<Place>& places, Rule rule, std::string_view list, std::string_view separators, const LinkerFacts& facts,
              const std::string& origin, const std::string& whose) {
  const auto begin = places.size();
  for (const auto element : elements(list, separators)) {
    auto folder = without_final_slashes(expand(element, facts, origin));
    if (folder.empty() && !element.empty()) continue;
    const bool again = std::any_of(places.begin() + static_cast<std::ptrdiff_t>(begin), places.end(), [&](const Place& one) { return one.folder == folder; });
    if (!again) places.push_back({rule, std::move(folder), (element.empty() ? "an empty element" : std::string(element)) + whose});
  }
}

void add_rpath(std::vector<Place>& places, const LinkerFacts& facts, const Loaded& object) {
  if (object.elf.rpath && !object.elf.rpath->empty() && !object.elf.runpath)
    add_list(places, Rule::rpath, *object.elf.rpath, ":", facts, object.origin, " in the RPATH of " + object.path);
}

bool takes(std::string_view& text, std::string_view name) {
  const auto braced = "{" + std::string(name) + "}";
  if (text.starts_with(braced)) return text.remove_prefix(braced.size()), true;
  if (!text.starts_with(name)) return false;
  // A longer word that merely begins like a token is none.
  const auto next = text.size() > name.size() ? text[name.size()] : '/';
  if ((next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z') || (next >= '0' && next <= '9') || next == '_') return false;
  text.remove_prefix(name.size());
  return true;
}

}  // namespace

std::string expand(std::string_view text, const LinkerFacts& facts, std::string_view origin) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '$') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    if (takes(text, "ORIGIN")) {
      if (origin.empty()) return {};
      out += origin;
    } else if (takes(text, "PLATFORM")) {
      if (facts.platform.empty()) return {};
      out += facts.platform;
    } else if (takes(text, "LIB")) {
      out += facts.lib;
    } else {
      out += '$';
    }
  }
  return out;
}

std::vector<std::string> tries_in(const LinkerFacts& facts, const std::string& folder, std::string_view name) {
  const auto base = folder.empty() || folder == "/" ? folder : folder + "/";
  std::vector<std::string> tries;
  for (const auto& one : facts.hwcaps) tries.push_back(base + "glibc-hwcaps/" + one + "/" + std::string(name));
  for (const auto& one : facts.legacy) tries.push_back(base + one + "/" + std::string(name));
  tries.push_back(base + std::string(name));
  return tries;
}

std::vector<Place> places_for(const LinkerFacts& facts, const LoadRequest& request, const std::vector<Loaded>& objects, int asker) {
  std::vector<Place> places;
  const auto& own = objects[static_cast<std::size_t>(asker)];
  if (!own.elf.runpath) {
    // RPATHs of the object and of who loaded it, up to the program, whose own counts in any case.
    bool saw_first = false;
    for (int at = asker; at >= 0; at = objects[static_cast<std::size_t>(at)].loader) {
      add_rpath(places, facts, objects[static_cast<std::size_t>(at)]);
      saw_first = saw_first || at == 0;
    }
    if (!saw_first) add_rpath(places, facts, objects.front());
  }
  if (request.library_path && !request.library_path->empty())
    add_list(places, Rule::ld_library_path, *request.library_path, ":;", facts, objects.front().origin, " in LD_LIBRARY_PATH");
  if (own.elf.runpath && !own.elf.runpath->empty())
    add_list(places, Rule::runpath, *own.elf.runpath, ":", facts, own.origin, " in the RUNPATH of " + own.path);
  return places;
}

}  // namespace cudaenv::loader
