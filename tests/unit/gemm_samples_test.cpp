// The data of the gemm step: reproducible, bell-shaped, and a tolerance that lets rounding pass and nothing else.
#include <cmath>
#include <set>
#include <vector>

#include "probe/gemm_samples.hpp"
#include "unit/catch.hpp"

using namespace cudaenv::probe;

TEST_CASE("inputs are the same everywhere and as varied as a network's", "[gemm]") {
  CHECK(mixed_bits(0) == 0xE220A8397B1DCDAFULL);  // splitmix64's first output for seed 0, as published with it
  CHECK(from_bf16(to_bf16(1.0F)) == 1.0F);
  CHECK(to_bf16(1.00390625F) == 0x3F80);  // 1 + 2^-8 is a tie: to even
  CHECK(to_bf16(1.01171875F) == 0x3F82);  // 1 + 3 * 2^-8 is one too
  double sum = 0, squares = 0;
  constexpr int count = 1 << 16;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<double>(from_bf16(gemm_input(static_cast<std::size_t>(i))));
    sum += value;
    squares += value * value;
  }
  CHECK(std::fabs(sum / count) < 0.02);
  CHECK(std::fabs(squares / count - 1) < 0.02);
}

TEST_CASE("one entry is looked at in every tile", "[gemm]") {
  std::set<std::pair<std::size_t, std::size_t>> tiles;
  std::set<std::size_t> places;
  for (int i = 0; i < gemm_samples; ++i) {
    const auto at = gemm_sample(i);
    REQUIRE(at.row < gemm_size);
    REQUIRE(at.column < gemm_size);
    tiles.insert({at.row / gemm_tile, at.column / gemm_tile});
    places.insert(at.row % gemm_tile);
  }
  CHECK(tiles.size() == gemm_samples);
  CHECK(places.size() == gemm_tile);
}

TEST_CASE("the tolerance lets fp32 sums pass and a missing slab not", "[gemm]") {
  // One row of A and one column of B, laid out as gemm_reference wants them.
  std::vector<std::uint16_t> a(std::size_t{gemm_size} * gemm_size), b(gemm_size);
  for (std::size_t k = 0; k < gemm_size; ++k) a[k * gemm_size] = gemm_input(k), b[k] = gemm_input((1U << 24U) + k);
  const auto want = gemm_reference(a.data(), b.data(), {0, 0});
  float sum = 0, without_slab = 0;
  for (std::size_t k = 0; k < gemm_size; ++k) {
    const float product = from_bf16(a[k * gemm_size]) * from_bf16(b[k]);
    sum += product;
    if (k / 64 != 17) without_slab += product;
  }
  CHECK(std::fabs(static_cast<double>(from_bf16(to_bf16(sum))) - want.value) <= want.tolerance);
  CHECK(std::fabs(static_cast<double>(from_bf16(to_bf16(without_slab))) - want.value) > want.tolerance);
  CHECK(want.tolerance < 3);
}
