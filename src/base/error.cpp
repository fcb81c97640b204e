#include "base/error.hpp"

#include <utility>

namespace cudaenv {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::ok: return "ok";
    case Code::internal: return "internal";
    case Code::usage: return "usage";
    case Code::config: return "config";
    case Code::no_such_version: return "no-such-version";
    case Code::not_installed: return "not-installed";
    case Code::network: return "network";
    case Code::integrity: return "integrity";
    case Code::driver: return "driver";
    case Code::io: return "io";
    case Code::locked: return "locked";
    case Code::not_found: return "not-found";
    case Code::interrupted: return "interrupted";
  }
  return "internal";
}

Error Error::wrap(std::string outer) && {
  causes.insert(causes.begin(), std::exchange(what, std::move(outer)));
  return std::move(*this);
}

Error Error::with_hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

}  // namespace cudaenv
