#include "base/sourced.hpp"

namespace cudaenv {

const char* origin_kind_name(Origin::Kind kind) {
  switch (kind) {
    case Origin::Kind::none: return "none";
    case Origin::Kind::flag: return "flag";
    case Origin::Kind::environment: return "environment";
    case Origin::Kind::file: return "file";
    case Origin::Kind::fallback: return "default";
  }
  return "none";
}

std::string describe(const Origin& origin) {
  switch (origin.kind) {
    case Origin::Kind::none: return "nobody";
    case Origin::Kind::flag: return "command line";
    case Origin::Kind::environment: return "$" + origin.path;
    case Origin::Kind::file:
      return origin.line == 0 ? origin.path : origin.path + ":" + std::to_string(origin.line);
    case Origin::Kind::fallback: return origin.path.empty() ? "default" : "default in " + origin.path;
  }
  return "nobody";
}

}  // namespace cudaenv
