// What the product of the gemm step must be: inputs, the entries that are looked at, and how far they may be off.
// Shared with the tests, whose fake cuBLAS computes just these entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "probe/libraries.hpp"

namespace cudaenv::probe {

inline constexpr int gemm_size = 4096;
inline constexpr int gemm_tile = 128;
inline constexpr int gemm_samples = (gemm_size / gemm_tile) * (gemm_size / gemm_tile);
/// Root mean square of the result's entries: each is the sum of 4,096 products of values with variance 1.
inline constexpr double gemm_rms = 64;

[[nodiscard]] inline float from_bf16(std::uint16_t half) {
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16U;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Rounded to nearest, ties to even. Not for NaN, which no input is.
[[nodiscard]] inline std::uint16_t to_bf16(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

/// Entry `index` of A and, from 4096 * 4096 on, of B; both column by column.
[[nodiscard]] inline std::uint16_t gemm_input(std::size_t index) { return to_bf16(normal_value(index)); }

struct GemmSample {
  std::size_t row = 0, column = 0;
};
/// One entry of each tile of 128 x 128, at a place in it that differs from tile to tile.
[[nodiscard]] constexpr GemmSample gemm_sample(int index) {
  constexpr int tiles = gemm_size / gemm_tile;
  const int down = index % tiles, right = index / tiles;
  return {static_cast<std::size_t>(down * gemm_tile + (11 * down + 37 * right) % gemm_tile),
          static_cast<std::size_t>(right * gemm_tile + (53 * down + 29 * right + 5) % gemm_tile)};
}

struct GemmEntry {
  double value = 0, tolerance = 0;
};
/// The entry in double precision, in which products of bf16 are exact, and the largest error that is still right:
/// - 2^-8 |c|: rounding to bf16 (8 bits of precision: 2^-9), and once more where a kernel splits the sum and adds
///   its parts in bf16, as cuBLAS may by default;
/// - 4096 * 2^-23 * sum |a b|: each of 4,096 additions in fp32, which tensor cores cut off instead of rounding.
/// It is about 1.5 where an entry is 64; a slab of the sum left out is off by 5 and more, another entry by 90.
[[nodiscard]] inline GemmEntry gemm_reference(const std::uint16_t* a, const std::uint16_t* b, GemmSample at) {
  double sum = 0, size = 0;
  for (std::size_t k = 0; k < gemm_size; ++k) {
    const double product = static_cast<double>(from_bf16(a[at.row + k * gemm_size])) *
                           static_cast<double>(from_bf16(b[k + at.column * gemm_size]));
    sum += product;
    size += product < 0 ? -product : product;
  }
  const double absolute = sum < 0 ? -sum : sum;
  return {sum, absolute / 256 + gemm_size * size / 8388608};
}

}  // namespace cudaenv::probe
