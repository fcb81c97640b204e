#include "unit/catch.hpp"

#include "cli/progress.hpp"

using namespace cudaenv::cli;

TEST_CASE("one bar for each running download and a total") {
  DownloadView view;
  view.bars = {{"nvcc 13.0.88", 20'000'000, 40'000'000}, {"crt 13.0.88", 1000, 1000}, {"nvvm 13.0.88", 0, 60'000'000}};
  view.seconds = 2;
  const auto lines = draw(view, 80, 8);
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], ContainsSubstring("nvcc 13.0.88"));
  CHECK_THAT(lines[0], ContainsSubstring("20.0 MB / 40.0 MB"));
  CHECK(lines[1] == "total  20.0 MB of 100.0 MB  10.0 MB/s  0:08 left");
}

TEST_CASE("an unknown size gives no time left, and no line is wider than the terminal") {
  DownloadView view;
  view.bars = {{std::string(200, 'x'), 5, 0}};
  view.seconds = 1;
  for (const auto& line : draw(view, 50, 8)) CHECK(line.size() < 50);
  CHECK(draw(view, 50, 8).back() == "total  5 B  5 B/s");
}
