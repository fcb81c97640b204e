// Facts of another machine: a compute node's `driver --json`, read on the login node. It is a file from outside.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/driver.hpp"

namespace cudaenv::verify {

/// The facts in `path`, with `pretended` set and `pretended_by` the path. At most 1 MiB is read. Code::config naming
/// the file and the member that is wrong.
[[nodiscard]] Result<DriverFacts> read_node_facts(const std::string& path);

}  // namespace cudaenv::verify
