// Where a member of a channel's archive goes in the one layout that every toolkit has. PURE.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/catalog.hpp"

namespace cudaenv::store {

/// The canonical path of `member`, relative to the toolkit, or nothing where it has no place in a toolkit
/// (`__init__.py`, `.metadata`, package metadata, pkg-config files with another machine's prefix).
///   wheels  nvidia/cu13/bin/nvcc, nvidia/cuda_runtime/lib/libcudart.so.12, <package>.dist-info/licenses/License.txt
///   redist  cuda_nvcc-linux-x86_64-13.0.88-archive/bin/nvcc, …-archive/LICENSE
/// Of a driver archive (component compat) only the libraries of forward compatibility have a place: compat/.
/// Licences of both go to licenses/<component>/. `lib64` is `lib`: the toolkit has lib64 as a link.
[[nodiscard]] std::optional<std::string> canonical_path(ChannelKind kind, std::string_view component,
                                                        std::string_view member);

/// Is this file run as a program? `head` is its first KiB. An ELF file with an interpreter or of type EXEC, any ELF
/// file in a bin folder, or a `#!` script.
[[nodiscard]] bool is_program(std::string_view path, std::string_view head);

/// Could a file of this name be a program? Saves opening thousands of headers.
[[nodiscard]] bool may_be_program(std::string_view path);

/// The path that a symbolic link at `path` with `target` leads to inside a tree, or nothing where it is absolute or
/// leaves the tree.
[[nodiscard]] std::optional<std::string> resolve_link(std::string_view path, std::string_view target);

}  // namespace cudaenv::store
