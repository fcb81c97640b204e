// Precedence, as a pure function.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "model/selection.hpp"
#include "project/find_pin.hpp"

namespace cudaenv::project {

/// Everybody who may have an opinion.
struct Wishes {
  std::optional<std::string> flag;      // `+12.8` or a SPEC argument
  std::optional<std::string> variable;  // $CUDAENV_TOOLKIT
  FoundPin found;
  std::shared_ptr<const PinFile> fallback;  // <root>/default, read as a `.cudaenv` is
};

/// The strongest wish. A spec that does not parse is an error that names who wrote it: Code::usage for
/// the flag, Code::config for the others.
[[nodiscard]] Result<Selection> choose_selection(const Wishes& wishes);

}  // namespace cudaenv::project
