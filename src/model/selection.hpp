// Which toolkit is asked for, and who asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/sourced.hpp"
#include "model/pinfile.hpp"

namespace cudaenv {

/// A `.cudaenv` that was found and parsed. Never moved: the views of `pin` point into `text`.
struct PinFile {
  std::string path;
  std::string text;
  Pin pin;
  PinFile() = default;
  PinFile(const PinFile&) = delete;
  PinFile& operator=(const PinFile&) = delete;
};

/// Precedence: flag > $CUDAENV_TOOLKIT > nearest `.cudaenv` > user default.
struct Selection {
  std::string spec;                    // as written, already checked by parse_spec; empty when nobody chose
  Origin origin;
  std::shared_ptr<const PinFile> pin;  // the nearest file, where it was looked at: not under a flag or $CUDAENV_TOOLKIT
  std::vector<std::string> ignored;    // files of another owner, as sentences
};

}  // namespace cudaenv
