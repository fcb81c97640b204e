// Picks one release and one file per component, and says why each other one was out. Pure: whoever
// calls looks things up between the steps (choose_release -> close_components -> pick_files).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/catalog.hpp"
#include "model/install.hpp"
#include "model/spec.hpp"

namespace cudaenv {

/// The components a person or project wants.
struct Wanted {
  std::vector<std::string> profile;     // left out with a note where a release lacks them
  std::vector<ComponentRequest> named;  // --with, --only, `components`: an error where a release lacks them
  bool everything = false;              // profile full
  std::string profile_name;             // for messages; empty with --only
};

/// Reads `name` or `name@version`. Code::usage on anything else.
[[nodiscard]] Result<ComponentRequest> parse_component_request(std::string_view text);

using Profiles = std::map<std::string, std::vector<std::string>, std::less<>>;  // an empty list is everything
/// What the command line or the project asks for. `profile` empty: compile. `only`, where there is any,
/// stands alone. Items may hold several names with commas. Code::usage for an unknown profile or a
/// malformed name.
[[nodiscard]] Result<Wanted> make_wanted(const Profiles& profiles, std::string_view profile,
                                         const std::vector<std::string>& with, const std::vector<std::string>& only);

/// What a channel said. `releases` holds those whose components were looked up; a version without one
/// counts as "not looked at".
struct ChannelOffer {
  std::string channel;
  ChannelKind kind = ChannelKind::wheels;
  std::vector<Version> versions;
  std::vector<Release> releases;
  std::optional<Error> unreachable;
};

struct ReleaseChoice {
  Release release;
  std::vector<Rejected> rejected;
  std::vector<std::string> notes;  // "channel nvidia cannot be reached: ..."
};

/// Versions that satisfy the spec, newest first: the order in which components are worth looking up.
[[nodiscard]] std::vector<Version> matching_versions(const VersionSpec& spec, const std::vector<Version>& versions,
                                                     bool candidates);

/// Why this release cannot serve, or an empty text. Profile parts never stand in the way, except that
/// whoever wants nvcc gets only releases with a complete compiler. Companions are not judged here.
[[nodiscard]] std::string lacking(const Release& release, const Wanted& wanted, const std::vector<ComponentFact>& facts);

/// The newest release that matches, from the first reachable channel that has one with what is wanted.
/// Code::no_such_version with the nearest versions and what is missing; Code::network when no channel
/// could be reached.
[[nodiscard]] Result<ReleaseChoice> choose_release(const VersionSpec& spec, const Wanted& wanted,
                                                   const std::vector<ChannelOffer>& offers,
                                                   const std::vector<ComponentFact>& facts, bool candidates);

struct ClosedComponents {
  std::vector<std::string> components;      // of the release, sorted
  std::vector<ComponentRequest> companions; // to be asked of each channel in order
  std::vector<std::string> notes;           // "profile compile: 12.8.1 has no culibos"
};
/// What is wanted and everything that needs, out of components.toml and what the channel says.
[[nodiscard]] Result<ClosedComponents> close_components(const Release& release, const Wanted& wanted,
                                                        const std::vector<ComponentFact>& facts);

/// The newest file for each pin; for a range with a lower bound the newest of that bound's own minor release,
/// so that a toolkit does not change when a later one is published. Yanked files only where nothing else satisfies an exact pin, with a
/// note. Code::no_such_version where a pin has none, with each candidate's reason.
[[nodiscard]] Result<Resolution> pick_files(const Release& release, const std::vector<ComponentFiles>& offered);

}  // namespace cudaenv
