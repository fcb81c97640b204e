// Values of the install arrow: what was resolved, what must be done, what is on the disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog.hpp"

namespace cudaenv {

/// Something that was looked at and not taken, and why. Printed by `install --dry-run`.
struct Rejected {
  std::string candidate;  // "12.8.2 (wheels)"
  std::string reason;     // "older than 12.8.1", "no nvcc wheel before 13.0"
};

/// One release and its files. Pure result of resolve.
struct Resolution {
  Version version;
  std::string channel;
  std::vector<Artifact> artifacts;  // sorted by component
  std::vector<Rejected> rejected;
  std::vector<std::string> notes;   // "cccl 12.4.127 is yanked by its index, but pinned exactly"
};

/// What is missing on this disk. Pure result of plan.
struct Plan {
  Resolution resolution;
  std::vector<Artifact> fetch;  // not in the store yet, largest first
  std::vector<Artifact> reuse;  // already in the store
  std::uint64_t download_bytes = 0;  // of the files whose size the channel says
  std::size_t unknown_sizes = 0;     // files to fetch whose size it does not say
  bool nothing_to_do = false;   // the very toolkit is installed already
};

/// One component of an installed toolkit.
struct InstalledComponent {
  std::string name;
  std::string package;
  std::string version;
  std::string sha256;   // of the archive it came from
  std::string filename;
  std::string witness;  // a file of this component, relative to the toolkit; its absence is damage. May be empty
};

/// An installed or linked toolkit, as its receipt says.
struct Receipt {
  std::string id;            // the folder's name under toolkits/: a hash
  Version version;
  std::string channel;
  std::string path;          // absolute; derived from where the receipt was found, never stored
  std::vector<std::string> names;  // entries of names/ that point to it
  bool linked = false;       // adopted by `cudaenv link`: not ours to change or remove
  std::vector<InstalledComponent> components;
  std::uint64_t bytes = 0;   // apparent size of the composed tree
  std::uint64_t files = 0;
  std::string tree_sha256;   // digest over sorted (path, mode, size, link target) lines; notices damage
};

}  // namespace cudaenv
