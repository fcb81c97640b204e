// What must hold before a toolkit is activated: the project's [require], and the driver's verdict.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/install.hpp"
#include "model/selection.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// Each line of [require] in the nearest `.cudaenv` against the facts of this machine, whoever chose the toolkit.
/// Code::driver naming file, line, what is asked for and what is here. Where a flag or $CUDAENV_TOOLKIT outranks the
/// file, one that cannot be read is in nobody's way. Facts are asked for only where the file requires something; they
/// come from the cache where that holds.
[[nodiscard]] Result<void> check_requirements(const World& world, const Selection& selection);

/// The verdict on `toolkit` in a word for people: "proven", "compile-only: no driver", "not verified: …"
/// where none could be reached. Code::driver where it is refused; the hint is the verdict's fix.
[[nodiscard]] Result<std::string> check_verdict(const World& world, const Receipt& toolkit);

/// An error as one sentence, for messages that stop nothing.
[[nodiscard]] std::string sentence(const Error& error);

}  // namespace cudaenv::app
