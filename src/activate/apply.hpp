// An EnvDiff laid over an environment, and taken away again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/env_diff.hpp"

namespace cudaenv::activate {

using Variables = std::map<std::string, std::string, std::less<>>;

/// `keep` leaves equal elements of the user further back in a list, so that revert finds them again;
/// `drop` removes them (`run`, whose environment nobody takes back).
enum class Duplicates { keep, drop };

/// `variables` with `diff` applied: what is set is set, what is prepended comes first.
[[nodiscard]] Variables apply(const EnvDiff& diff, Variables variables, Duplicates duplicates = Duplicates::drop);

/// What must be known to take an activation back later. $CUDAENV_STATE holds it, so that nested shells,
/// `exec bash` and tmux know too.
struct Undo {
  struct Value {
    std::string name;
    std::optional<std::string> before;  // nothing: it was not set
    std::string ours;                   // taken back only while it still has this value
    bool operator==(const Value&) const = default;
  };
  struct Element {
    std::string name;     // PATH
    std::string folder;   // the element that is ours
    bool was_set = true;  // false: the variable did not exist
    bool operator==(const Element&) const = default;
  };
  std::vector<Value> values;
  std::vector<Element> elements;
  std::optional<Value> use;  // $CUDAENV_TOOLKIT, set by `use`: taken back by `use --unset` only
  bool operator==(const Undo&) const = default;
};

/// The undo of applying `diff` to `variables`.
[[nodiscard]] Undo make_undo(const EnvDiff& diff, const Variables& variables);

/// Takes back values and elements, byte for byte, and leaves what the user edited since alone.
[[nodiscard]] Variables revert(const Undo& undo, Variables variables);

/// Takes back one value the same way.
void revert_value(const Undo::Value& value, Variables& variables);

/// One line of printable ASCII; parse_undo(encode_undo(u)) is u. Anything else parses to nothing.
[[nodiscard]] std::string encode_undo(const Undo& undo);
[[nodiscard]] std::optional<Undo> parse_undo(std::string_view text);

}  // namespace cudaenv::activate
