// Every sentence of a shim that does not reach its tool: what, who chose it, and a command that helps.
// Each prints to standard error and answers the exit status.
#pragma once

#include "session.hpp"

namespace cudaenv::shim {

[[nodiscard]] int explain_itself();
[[nodiscard]] int explain_privileged(const Session& session);
[[nodiscard]] int explain_recursion(const Session& session, std::string_view depth);
[[nodiscard]] int explain_no_root();
[[nodiscard]] int explain_bad_root(std::string_view root);
[[nodiscard]] int explain_bad_wish(std::string_view text, Chooser by, const char* reason);
[[nodiscard]] int explain_bad_file(const Session& session, std::string_view why, long error = 0);
[[nodiscard]] int explain_malformed(const Session& session, const PinError& where);
void warn_foreign(std::string_view file, std::uint32_t owner);
[[nodiscard]] int explain_nobody_chose(Session& session);
[[nodiscard]] int explain_no_toolkit(Session& session);
[[nodiscard]] int explain_no_manager(const Session& session, std::string_view manager);
/// The toolkit is there; `error` is what the kernel answered to running the tool.
[[nodiscard]] int explain_not_run(Session& session, std::string_view program, long error);

}  // namespace cudaenv::shim
