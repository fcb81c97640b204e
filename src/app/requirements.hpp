// What must hold before a toolkit is activated: the project's [require], and the driver's verdict.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/install.hpp"
#include "model/selection.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

/// Each line of [require] against the facts of this machine. Code::driver naming the file's value and
/// what is here. Asks for facts only where the file requires something.
[[nodiscard]] Result<void> check_requirements(const World& world, const Selection& selection);

/// The verdict on `toolkit` in a word for people: "proven", "compile-only: no driver", "not verified: …"
/// where none could be reached. Code::driver where it is refused; the hint is the verdict's fix.
[[nodiscard]] Result<std::string> check_verdict(const World& world, const Receipt& toolkit);

/// An error as one sentence, for messages that stop nothing.
[[nodiscard]] std::string sentence(const Error& error);

}  // namespace cudaenv::app
