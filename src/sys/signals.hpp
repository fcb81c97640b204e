// Ctrl-C and TERM as a flag that long work asks for.
#pragma once

namespace cudaenv {

/// From now on INT, TERM and HUP set a flag instead of ending the process; a second INT ends it at once.
/// SIGPIPE is ignored, so that a server that goes away is an error and not our death.
void catch_interrupts();
/// Has one of them arrived?
[[nodiscard]] bool interrupted();

}  // namespace cudaenv
