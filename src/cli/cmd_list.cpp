#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.hpp"

namespace cudaenv::cli {

Runner add_list(CLI::App& app) {
  auto available = std::make_shared<bool>(false);
  app.add_flag("--available", *available, "what the channels offer, and which of it has nvcc");
  return [available](World&) -> Result<int> { return fail(Code::internal, "list is not written yet"); };
}

}  // namespace cudaenv::cli
