// receipt.toml: what an installed or linked toolkit is. The reader is strict and small: `list` reads one per
// toolkit and has 2 ms in all. Every proper prefix of a receipt is refused, so a torn write is always noticed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/install.hpp"
#include "store/layout.hpp"

namespace cudaenv::store {

/// The text of a receipt: TOML 1.0. `path` and `names` are not written; they follow from where it lies.
[[nodiscard]] std::string format_receipt(const Receipt& receipt);

/// Reads what format_receipt writes and nothing else. Code::integrity with `<shown>:<line>` on anything wrong.
[[nodiscard]] Result<Receipt> parse_receipt(std::string_view text, const std::string& shown);

/// The receipt of the composed tree at `tree`, with `path` set.
[[nodiscard]] Result<Receipt> read_receipt(const std::string& tree);

/// The listing of a tree: one line `<kind> <mode> <size> <path>[ -> <target>]` per entry, sorted by path;
/// receipt.toml and receipt.files are left out. Sets the totals of regular files.
struct Listing {
  std::string text;
  std::uint64_t bytes = 0, files = 0;
};
[[nodiscard]] Result<Listing> list_tree(const std::string& tree);

/// What differs between a tree and the listing that lies in it; empty where nothing does. `max` as below.
[[nodiscard]] Result<std::vector<std::string>> check_listing(const std::string& tree, std::size_t max = 20);

/// What differs between a toolkit's tree and its listing (paths, modes, sizes, link targets; not content), at most
/// `max` sentences such as "bin/nvcc is missing". Empty: intact. Walks the tree. For a linked toolkit only the
/// folder and the witnesses of its components are looked at.
[[nodiscard]] Result<std::vector<std::string>> check_tree(const Receipt& receipt, std::size_t max = 20);

/// The cheap half of check_tree, for `list`: empty, or the first witness file that is not there.
[[nodiscard]] std::string spot_check(const Receipt& receipt);

}  // namespace cudaenv::store
