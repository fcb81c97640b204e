// The install arrow, joined: catalogue -> resolve -> plan -> fetch -> unpack -> store -> smoke test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "sys/world.hpp"

namespace cudaenv::app {

struct InstallRequest {
  std::vector<std::string> specs;  // empty: what the project asks for
  std::string profile;             // empty: compile, or what the project's components say
  std::vector<std::string> with;   // "cudnn@9"
  std::vector<std::string> only;   // just these and what they need
  std::string channel;             // empty: the configured order
  bool dry_run = false;
  bool candidates = false;         // --pre
  bool smoke = true;               // --no-verify turns it off
};

/// One check of the smoke test that follows an install.
struct SmokeLine {
  std::string name;
  std::string status;  // pass, fail, skip
  std::string detail;
};

struct InstallReport {
  Plan plan;
  Receipt receipt;                // empty id under --dry-run
  bool already = false;           // nothing had to be done
  std::vector<std::string> notes;
  std::vector<SmokeLine> smoke;
};

/// What a person sees while it runs. Called on the calling thread only.
class InstallObserver {
 public:
  virtual ~InstallObserver() = default;
  /// One line about a decision, a wait or a phase.
  virtual void note(std::string_view line) = 0;
  virtual void begin_downloads(const std::vector<Artifact>& artifacts) = 0;
  /// `done` bytes of artifact `index` are here.
  virtual void downloaded(std::size_t index, std::uint64_t done) = 0;
  virtual void end_downloads() = 0;
};

/// Installs each spec in turn. Nothing is visible under names/ before it is whole; after an error or
/// Ctrl-C (Code::interrupted) what was downloaded stays in the cache and the next call goes on from there.
[[nodiscard]] Result<std::vector<InstallReport>> install(World& world, const InstallRequest& request,
                                                         InstallObserver& observer);

}  // namespace cudaenv::app
