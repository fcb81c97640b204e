// Result<T>: std::expected over Error, and two macros that hand an error on to the caller.
#pragma once

#include <expected>
#include <utility>

#include "base/error.hpp"

namespace cudaenv {

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string what, std::string cause = {},
                                                 std::string hint = {}) {
  return std::unexpected(make_error(code, std::move(what), std::move(cause), std::move(hint)));
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace cudaenv

// The value of a Result, or return its error. GCC 12's std::expected has no and_then/transform,
// so the early return is spelled once, here.
#define TRY(expression)                                                                  \
  __extension__({                                                                        \
    auto try_result_ = (expression);                                                     \
    if (!try_result_) [[unlikely]]                                                       \
      return std::unexpected(std::move(try_result_).error());                            \
    std::move(try_result_).value();                                                      \
  })

// The same, with one clause added in front of the error's sentence.
#define TRY_CTX(expression, outer)                                                       \
  __extension__({                                                                        \
    auto try_result_ = (expression);                                                     \
    if (!try_result_) [[unlikely]]                                                       \
      return std::unexpected(std::move(try_result_).error().wrap(outer));                \
    std::move(try_result_).value();                                                      \
  })
