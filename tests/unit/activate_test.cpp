#include "unit/catch.hpp"

#include <random>

#include "activate/apply.hpp"
#include "activate/env_diff.hpp"
#include "activate/formats.hpp"

using namespace cudaenv;
using namespace cudaenv::activate;

namespace {
EnvDiff diff_of(LibraryPathPolicy policy, bool nvcc = true) {
  return make_env_diff({"/r/toolkits/a b", "/r/toolkits/a b/lib", nvcc}, policy);
}
}  // namespace

TEST_CASE("an activation names real places and only what is there") {
  const auto diff = diff_of(LibraryPathPolicy::automatic);
  CHECK(diff.set == std::vector<std::pair<std::string, std::string>>{{"CUDA_HOME", "/r/toolkits/a b"},
                                                                     {"CUDA_PATH", "/r/toolkits/a b"},
                                                                     {"CUDACXX", "/r/toolkits/a b/bin/nvcc"},
                                                                     {"CUDAToolkit_ROOT", "/r/toolkits/a b"}});
  CHECK(diff.prepend[0].second == std::vector<std::string>{"/r/toolkits/a b/bin"});
  CHECK(diff.prepend[1].second.empty());
  CHECK(diff.notes.size() == 1);
  CHECK(diff_of(LibraryPathPolicy::never).notes.empty());
  CHECK(diff_of(LibraryPathPolicy::never).prepend[1].second.empty());
  CHECK(diff_of(LibraryPathPolicy::always).prepend[1].second == std::vector<std::string>{"/r/toolkits/a b/lib"});
  for (const auto& [name, value] : diff_of(LibraryPathPolicy::never, false).set) CHECK(name != "CUDACXX");
}

TEST_CASE("a list never gets an empty element of ours") {
  const auto diff = diff_of(LibraryPathPolicy::always);
  CHECK(apply(diff, {}).at("PATH") == "/r/toolkits/a b/bin");
  CHECK(apply(diff, {{"PATH", ""}}).at("PATH") == "/r/toolkits/a b/bin");
  CHECK(apply(diff, {{"LD_LIBRARY_PATH", "/x"}}).at("LD_LIBRARY_PATH") == "/r/toolkits/a b/lib:/x");
  const Variables twice{{"PATH", "/r/toolkits/a b/bin:/usr/bin:/r/toolkits/a b/bin"}};
  CHECK(apply(diff, twice, Duplicates::drop).at("PATH") == "/r/toolkits/a b/bin:/usr/bin");
}

TEST_CASE("revert gives back what was there, byte for byte") {
  const std::vector<std::optional<std::string>> lists{
      std::nullopt, "", ":", "::", "a", ":a", "a:", "a::b", "/usr/bin:/bin", "/r/toolkits/a b/bin", ":/r/toolkits/a b/bin",
      "/r/toolkits/a b/bin:/r/toolkits/a b/bin", "/r/toolkits/a b/lib:", "\n:\xff", std::string(1 << 20, 'x')};
  for (const auto policy : {LibraryPathPolicy::always, LibraryPathPolicy::never})
    for (const auto& path : lists)
      for (const auto& library : lists)
        for (const auto& home : {std::optional<std::string>{}, std::optional<std::string>{""}, std::optional<std::string>{"/o'ld\n$(x)"}}) {
          Variables before{{"OTHER", "1"}};
          if (path) before["PATH"] = *path;
          if (library) before["LD_LIBRARY_PATH"] = *library;
          if (home) before["CUDA_HOME"] = *home;
          const auto diff = diff_of(policy);
          const auto undo = parse_undo(encode_undo(make_undo(diff, before)));
          REQUIRE(undo);
          CHECK(revert(*undo, apply(diff, before, Duplicates::keep)) == before);
        }
}

TEST_CASE("revert keeps what the user edited since") {
  const auto diff = diff_of(LibraryPathPolicy::never);
  const Variables before{{"PATH", "/usr/bin"}};
  const auto undo = make_undo(diff, before);
  auto now = apply(diff, before, Duplicates::keep);
  now["PATH"] = "/new:" + now["PATH"] + ":/end";
  now["CUDA_HOME"] = "/mine";
  const auto after = revert(undo, now);
  CHECK(after.at("PATH") == "/new:/usr/bin:/end");
  CHECK(after.at("CUDA_HOME") == "/mine");
  CHECK_FALSE(after.contains("CUDACXX"));
  now["PATH"] = "/only:" + std::string("/r/toolkits/a b/bin");
  CHECK(revert(undo, now).at("PATH") == "/only");
  now.erase("PATH");
  CHECK_FALSE(revert(undo, now).contains("PATH"));
}

TEST_CASE("a state that is damaged undoes nothing") {
  Undo undo = make_undo(diff_of(LibraryPathPolicy::always), {{"PATH", "/usr/bin"}, {"CUDA_HOME", "\x01;,%"}});
  undo.use = Undo::Value{"CUDAENV_TOOLKIT", std::nullopt, "12.8.1"};
  const auto text = encode_undo(undo);
  CHECK(parse_undo(text) == undo);
  for (const char c : text) CHECK((c > 0x20 && c < 0x7f));
  for (const char* bad : {"", "2", "1;", "1;v", "1;v,X,-", "1;v,X Y,-,z", "1;v,X,q,z", "1;e,PATH,,1", "1;e,PATH,/x,2", "1;w,X,-,z",
                          "1;v,X,=%0,z", "1;v,X,=%00,z", "1;v,1X,-,z", "1;v,X,=$(id),z"}) {
    INFO(bad);
    CHECK_FALSE(parse_undo(bad));
  }
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto broken = text;
    broken[random() % broken.size()] = static_cast<char>(random());
    (void)parse_undo(broken);  // any answer, no crash
  }
}

TEST_CASE("formats say what their readers understand") {
  const auto diff = diff_of(LibraryPathPolicy::always);
  const Variables now{{"PATH", "/usr/bin"}};
  const auto text = [&](const char* name) {
    auto out = format_env(name, diff, now);
    REQUIRE(out);
    return *out;
  };
  CHECK(text("sh").find("export PATH='/r/toolkits/a b/bin'\"${PATH:+:$PATH}\"\n") != std::string::npos);
  CHECK(text("dotenv").find("PATH='/r/toolkits/a b/bin:/usr/bin'\n") != std::string::npos);
  CHECK(text("docker").find("ENV PATH=\"/r/toolkits/a b/bin${PATH:+:$PATH}\"\n") != std::string::npos);
  CHECK(text("github").find("printf '%s\\n' '/r/toolkits/a b/bin' >> \"$GITHUB_PATH\"\n") != std::string::npos);
  CHECK(text("modulefile").find("prepend-path PATH \"/r/toolkits/a b/bin\"\n") != std::string::npos);
  CHECK(text("lmod").find("prepend_path(\"PATH\", \"/r/toolkits/a b/bin\")\n") != std::string::npos);
  CHECK(text("cmake").find("set(CMAKE_CUDA_COMPILER \"/r/toolkits/a b/bin/nvcc\")\n") != std::string::npos);
  const auto unknown = format_env("tcsh", diff, now);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::usage);
}

TEST_CASE("scripts hold only what differs") {
  const Variables from{{"A", "1"}, {"B", "2"}, {"PATH", "/x::/y"}};
  CHECK(script_sh(from, from).empty());
  CHECK(script_sh(from, {{"A", "it's"}, {"PATH", "/x::/y"}}) == "unset B\nexport A='it'\\''s'\n");
  CHECK(script_fish(from, {{"A", "1"}, {"B", "2"}, {"PATH", "/t\\:/x::/y"}}) == "set -gx PATH '/t\\\\' '/x' '' '/y'\n");
}
