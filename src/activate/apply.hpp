// An EnvDiff laid over an environment, and taken away again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/env_diff.hpp"

namespace cudaenv::activate {

using Variables = std::map<std::string, std::string, std::less<>>;

/// `variables` with `diff` applied: what is set is set, what is prepended comes first and only once.
[[nodiscard]] Variables apply(const EnvDiff& diff, Variables variables);

/// What must be known to undo an activation later: stored in $CUDAENV_STATE by hook and `use`.
struct Undo {
  struct Value {
    std::string name;
    std::optional<std::string> before;  // nothing: it was not set
    std::string ours;                   // only undone while it still has this value
  };
  struct Element {
    std::string name;    // PATH
    std::string folder;  // the element that is ours
    bool was_set = true; // false: the variable did not exist
  };
  std::vector<Value> values;
  std::vector<Element> elements;
};

/// Takes back what `undo` says and leaves later edits of the user alone. Byte for byte what was there.
[[nodiscard]] Variables revert(const Undo& undo, Variables variables);

/// The undo of applying `diff` to `variables`.
[[nodiscard]] Undo make_undo(const EnvDiff& diff, const Variables& variables);

/// One line of printable ASCII; parse_undo(encode_undo(u)) is u. Anything else parses to nothing.
[[nodiscard]] std::string encode_undo(const Undo& undo);
[[nodiscard]] std::optional<Undo> parse_undo(std::string_view text);

}  // namespace cudaenv::activate
