#include "resolve/resolve.hpp"

#include <algorithm>

#include "catalog/data.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;

namespace {

using Names = std::vector<std::string>;

const CatalogData& data() {
  static const auto loaded = load_catalog_data(std::string(CUDAENV_SOURCE_DIR) + "/manifests");
  REQUIRE(loaded);
  return *loaded;
}

Version version(const char* text) {
  Version out;
  REQUIRE(parse_version(text, out));
  return out;
}

VersionSpec spec(std::string_view text) {
  VersionSpec out;
  const char* reason = nullptr;
  REQUIRE(parse_spec(text, out, reason));
  return out;
}

Release release(const char* text, const char* channel, Names components, bool has_nvcc) {
  Release out;
  out.version = version(text);
  out.channel = channel;
  out.kind = std::string_view(channel) == "wheels" ? ChannelKind::wheels : ChannelKind::redist;
  out.components = std::move(components);
  out.has_nvcc = has_nvcc;
  return out;
}

ChannelOffer offer(const char* channel, std::vector<Release> releases) {
  ChannelOffer out;
  out.channel = channel;
  out.kind = std::string_view(channel) == "wheels" ? ChannelKind::wheels : ChannelKind::redist;
  for (const auto& one : releases) out.versions.push_back(one.version);
  out.releases = std::move(releases);
  return out;
}

ChannelOffer broken(const char* channel) {
  ChannelOffer out = offer(channel, {});
  out.unreachable = make_error(Code::network, "cannot reach `https://x/`", "timed out after 15 s");
  return out;
}

Wanted wanted(const char* profile, const Names& with = {}, const Names& only = {}) {
  auto out = make_wanted(data().profiles, profile, with, only);
  REQUIRE(out);
  return *out;
}

const Names wheel12{"cccl", "cublas", "cudart", "nvcc", "nvjitlink", "nvrtc"};
const Names wheel13{"cccl", "crt", "cublas", "cudart", "cufft", "nvcc", "nvjitlink", "nvrtc", "nvvm"};
const Names redist12{"cccl", "cublas", "cudart", "gdb", "nvcc", "nvjitlink", "nvrtc"};

std::vector<ChannelOffer> wheels_only() {
  return {offer("wheels", {release("12.8.1", "wheels", wheel12, false), release("13.0.2", "wheels", wheel13, true),
                           release("13.5.0", "wheels", wheel13, true), release("13.6.0rc1", "wheels", wheel13, true)})};
}
std::vector<ChannelOffer> both() {
  auto out = wheels_only();
  out.insert(out.begin(), offer("nvidia", {release("12.8.0", "nvidia", redist12, true), release("13.0.1", "nvidia", wheel13, true)}));
  return out;
}

std::string chosen(std::string_view text, const Wanted& what, const std::vector<ChannelOffer>& offers, bool candidates = false) {
  const auto out = choose_release(spec(text), what, offers, data().components, candidates);
  if (!out) return "error";
  return std::string(to_text(out->release.version).view()) + " " + out->release.channel;
}

Error refusal(std::string_view text, const Wanted& what, const std::vector<ChannelOffer>& offers) {
  auto out = choose_release(spec(text), what, offers, data().components, false);
  REQUIRE_FALSE(out);
  return out.error();
}
std::string all_of(const Error& error) {
  std::string out = error.what;
  for (const auto& cause : error.causes) out += " | " + cause;
  return out;
}

FileCandidate file(const char* name, const char* file_version, const char* unfit = "") {
  FileCandidate out;
  out.artifact.component = "x";
  out.artifact.filename = name;
  out.artifact.version = file_version;
  out.unfit = unfit;
  return out;
}
FileCandidate yanked(const char* name, const char* file_version) {
  auto out = file(name, file_version);
  out.artifact.yanked = true;
  out.artifact.yanked_reason = "Broken release";
  return out;
}
Result<Resolution> pick(const char* specifier, std::vector<FileCandidate> files, const char* toolkit = "13.0.2") {
  return pick_files(release(toolkit, "wheels", {}, true), {{{"x", "nvidia-x", specifier}, "wheels", std::move(files)}});
}
std::string picked(const char* specifier, std::vector<FileCandidate> files) {
  const auto out = pick(specifier, std::move(files));
  return out ? out->artifacts.at(0).filename : "error";
}

}  // namespace

TEST_CASE("component words", "[resolve]") {
  CHECK(parse_component_request("cudnn@9.10")->version == "9.10");
  CHECK(parse_component_request("nsight_compute")->name == "nsight-compute");
  for (const char* text : {"", "@9", "cudnn@", "cudnn@x", "cudnn@9@9", "a b", "A", "../x", "-x", "cudnn@>=9", "cudnn@9..1"}) {
    CAPTURE(text);
    const auto out = parse_component_request(text);
    REQUIRE_FALSE(out);
    CHECK(out.error().code == Code::usage);
  }
  const auto many = wanted("", {"cudnn@9,nccl", "cublas"});
  CHECK(many.named.size() == 3);
  CHECK(many.profile_name == "compile");
  CHECK(wanted("", {}, {"nvrtc"}).profile.empty());
  CHECK(wanted("full").everything);
  const auto unknown = make_wanted(data().profiles, "everything", {}, {});
  REQUIRE_FALSE(unknown);
  CHECK(all_of(unknown.error()) == "cannot use profile `everything` | the profiles are compile, full, math, runtime");
}

TEST_CASE("the newest release that matches and has what is wanted", "[resolve]") {
  const auto compile = wanted("compile");
  const auto runtime = wanted("runtime");
  CHECK(chosen("latest", compile, wheels_only()) == "13.5.0 wheels");
  CHECK(chosen("13", compile, wheels_only()) == "13.5.0 wheels");
  CHECK(chosen("13.0", compile, wheels_only()) == "13.0.2 wheels");
  CHECK(chosen(">=12.4,<13", runtime, wheels_only()) == "12.8.1 wheels");
  CHECK(chosen("13.6", compile, wheels_only()) == "error");
  CHECK(chosen("13.6", compile, wheels_only(), true) == "13.6.0rc1 wheels");
  CHECK(chosen("13.6.0rc1", compile, wheels_only()) == "13.6.0rc1 wheels");
  CHECK(chosen("latest", wanted("", {}, {"gdb"}), both()) == "12.8.0 nvidia");  // an older release that has it
}

TEST_CASE("channels in their order, unreachable ones named", "[resolve]") {
  const auto compile = wanted("compile");
  CHECK(chosen("13.0", compile, both()) == "13.0.1 nvidia");
  CHECK(chosen("13.5", compile, both()) == "13.5.0 wheels");
  CHECK(chosen("12.8", compile, both()) == "12.8.0 nvidia");
  auto offers = wheels_only();
  offers.insert(offers.begin(), broken("nvidia"));
  const auto out = choose_release(spec("13.0"), compile, offers, data().components, false);
  REQUIRE(out);
  REQUIRE(out->notes.size() == 1);
  CHECK(out->notes[0] == "channel `nvidia` cannot be reached (cannot reach `https://x/`: timed out after 15 s)");

  const auto none = refusal("13.0", compile, {broken("nvidia"), broken("wheels")});
  CHECK(none.code == Code::network);
  CHECK(none.causes.size() == 2);
  CHECK(refusal("13.0", compile, {}).code == Code::config);
}

TEST_CASE("every other candidate has its reason", "[resolve]") {
  const auto out = choose_release(spec("13"), wanted("compile"), both(), data().components, false);
  REQUIRE(out);
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const auto& one : out->rejected) reasons.emplace_back(one.candidate, one.reason);
  CHECK(reasons == std::vector<std::pair<std::string, std::string>>{
                       {"13.5.0 (wheels)", "channel `nvidia` comes first and has 13.0.1"},
                       {"13.0.2 (wheels)", "channel `nvidia` comes first and has 13.0.1"},
                       {"13.6.0rc1 (wheels)", "is a release candidate; --pre allows it"}});
  const auto older = choose_release(spec("13"), wanted("compile"), wheels_only(), data().components, false);
  REQUIRE(older);
  CHECK(older->rejected.at(0).reason == "older than 13.5.0");
}

TEST_CASE("12.x wheels have no nvcc, and that is said", "[resolve]") {
  const auto error = refusal("12.8", wanted("compile"), wheels_only());
  CHECK(error.code == Code::no_such_version);
  CHECK_THAT(all_of(error), ContainsSubstring("12.8.1 (wheels) has no nvcc: there is no nvcc wheel before 13.0"));
  CHECK(error.hint == "cudaenv install 12.8 --profile runtime");
  auto offers = wheels_only();
  offers.insert(offers.begin(), broken("nvidia"));
  CHECK_THAT(all_of(refusal("12.8", wanted("full"), offers)), ContainsSubstring("which has nvcc for every release"));
  CHECK(chosen("12.8", wanted("math"), wheels_only()) == "12.8.1 wheels");
}

TEST_CASE("a named component that no matching release has: who has it", "[resolve]") {
  auto error = refusal("13.0", wanted("compile", {"gdb"}), both());
  CHECK_THAT(all_of(error), ContainsSubstring("13.0.2 (wheels) has no gdb: there is no wheel of gdb, a redist channel such as `nvidia` has it"));
  CHECK_THAT(all_of(error), ContainsSubstring("what is wanted is in 12.8.0 (nvidia)"));
  CHECK(error.hint == "cudaenv list --available");
  error = refusal("12.8", wanted("runtime", {"cufft"}), both());
  CHECK_THAT(all_of(error), ContainsSubstring("12.8.0 (nvidia) has no cufft | 12.8.1 (wheels) has no cufft | what is wanted is in"));
}

TEST_CASE("a version that nobody has is answered with the nearest ones", "[resolve]") {
  const auto error = refusal("13.1", wanted("compile"), both());
  CHECK(error.code == Code::no_such_version);
  CHECK(error.hint == "cudaenv list --available");
  CHECK(all_of(error) == "cannot find a release of CUDA for `13.1` | the nearest are 13.5.0, 13.0.2, 13.0.1, 12.8.1");
  CHECK_THAT(all_of(refusal("99", wanted("compile"), both())), ContainsSubstring("nearest are 13.5.0, 13.0.2, 13.0.1, 12.8.1"));
  CHECK_THAT(all_of(refusal("1", wanted("compile"), both())), ContainsSubstring("nearest are 13.0.2, 13.0.1, 12.8.1, 12.8.0"));
  CHECK_THAT(all_of(refusal("12.7", wanted("compile"), both())), ContainsSubstring("there is no CUDA 12.7 toolkit"));
  CHECK(refusal("13.6", wanted("compile"), wheels_only()).hint == "cudaenv install --pre 13.6");
  CHECK(refusal(">=14", wanted("compile"), wheels_only()).code == Code::no_such_version);
  CHECK(refusal("driver", wanted("compile"), wheels_only()).code == Code::usage);
}

TEST_CASE("components bring what they need", "[resolve]") {
  struct Case {
    const char* what;
    Release from;
    Wanted wanted;
    Names components;
    Names notes;
  };
  auto speaking = release("13.5.0", "wheels", wheel13, true);
  speaking.needs["cublas"] = {"nvrtc"};
  const std::vector<Case> cases{
      {"13.x compile", release("13.0.2", "wheels", wheel13, true), wanted("compile"), {"cccl", "crt", "cudart", "nvcc", "nvvm"},
       {"CUDA 13.0.2 of channel `wheels` has no culibos, cuobjdump, cuxxfilt, nvdisasm, nvml, nvprune, nvtx, profiler: left out of "
        "profile compile"}},
      {"only nvcc", release("13.0.2", "wheels", wheel13, true), wanted("", {}, {"nvcc"}), {"crt", "cudart", "nvcc", "nvvm"}, {}},
      {"crt and nvvm are inside nvcc before 13.0", release("12.8.0", "nvidia", redist12, true), wanted("", {}, {"nvcc"}), {"cudart", "nvcc"}, {}},
      {"named, but inside", release("12.8.0", "nvidia", redist12, true), wanted("", {}, {"crt"}), {"cudart", "nvcc"},
       {"crt is inside nvcc before 13.0"}},
      {"what the channel itself says", speaking, wanted("", {}, {"cublas"}), {"cublas", "nvrtc"}, {}},
      {"what only components.toml says", release("13.0.2", "wheels", wheel13, true), wanted("", {}, {"cufft"}), {"cufft", "nvjitlink"}, {}},
      {"full leaves out what is only by name", release("12.8.0", "nvidia", {"cudart", "nsight-systems", "nvcc"}, true), wanted("full"),
       {"cudart", "nvcc"}, {}},
      {"a companion brings its needs", release("13.0.2", "wheels", wheel13, true), wanted("", {}, {"cudnn@9"}), {"cublas"}, {}},
      {"runtime of 11.8 has no nvjitlink", release("11.8.0", "wheels", {"cudart", "nvrtc"}, false), wanted("runtime"), {"cudart", "nvrtc"},
       {"CUDA 11.8.0 of channel `wheels` has no nvjitlink: left out of profile runtime"}}};
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto out = close_components(c.from, c.wanted, data().components);
    REQUIRE(out);
    CHECK(out->components == c.components);
    CHECK(out->notes == c.notes);
  }
  const auto both_of = close_components(speaking, wanted("", {"cudnn@9", "nccl", "cudnn@9"}), data().components);
  REQUIRE(both_of);
  REQUIRE(both_of->companions.size() == 2);
  CHECK(both_of->companions[0].version == "9");
}

TEST_CASE("components that cannot be had by name are errors", "[resolve]") {
  const auto from = release("13.0.2", "wheels", wheel13, true);
  const auto gdb = close_components(from, wanted("", {"gdb"}), data().components);
  REQUIRE_FALSE(gdb);
  CHECK(gdb.error().code == Code::no_such_version);
  CHECK_THAT(all_of(gdb.error()), ContainsSubstring("channel `wheels` has cccl, crt"));
  const auto unknown = close_components(from, wanted("", {"nvccc"}), data().components);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::usage);
  const auto pinned = close_components(from, wanted("", {"cublas@13"}), data().components);
  REQUIRE_FALSE(pinned);
  CHECK(pinned.error().code == Code::usage);
}

TEST_CASE("the newest file that satisfies the pin", "[resolve]") {
  CHECK(picked("==12.4.127.*", {file("a", "12.4.127"), file("b", "12.4.127.post1"), file("c", "12.4.13")}) == "b");
  CHECK(picked("==13.0.*", {file("a", "13.0.9"), file("b", "13.0.10")}) == "b");
  CHECK(picked("", {file("a", "9.9"), file("b", "9.10")}) == "b");
  CHECK(picked("==1.0", {file("old", "1.0"), file("arm", "1.0", "is for win_amd64, not x86_64")}) == "old");
  CHECK(picked("==1.*", {file("rc", "1.2rc1"), file("final", "1.1")}) == "final");
  CHECK(picked("==1.2rc1", {file("rc", "1.2rc1"), file("final", "1.1")}) == "rc");
  CHECK(picked("==1.*", {file("rc", "1.2rc1")}) == "error");
  CHECK(picked("==1.0", {file("z", "1.0"), file("a", "1.0")}) == "a");  // two builds: always the same answer
  auto newer_build = file("z", "1.0");
  newer_build.glibc_minor = 17;
  CHECK(picked("==1.0", {file("a", "1.0"), newer_build}) == "z");  // as pip would
  CHECK(picked("===odd version", {file("a", "odd version")}) == "error");
  CHECK(picked("===2025.x", {file("a", "2025.x")}) == "a");
}

TEST_CASE("a range stays in its own minor release", "[resolve]") {
  const std::vector<FileCandidate> files{file("13.0.39", "13.0.39"), file("13.0.88", "13.0.88"), file("13.5.37", "13.5.37")};
  CHECK(picked("<14,>=13.0.88", files) == "13.0.88");
  CHECK(picked("<14,>=13.1.0", files) == "13.5.37");
  const auto out = pick("<14,>=13.0.88", files);
  REQUIRE(out);
  REQUIRE(out->rejected.size() == 1);
  CHECK(out->rejected[0].reason == "belongs to a later toolkit than 13.0.88");
}

TEST_CASE("a yanked file only where nothing else satisfies an exact pin", "[resolve]") {
  CHECK(picked("==12.4.127.*", {yanked("y", "12.4.127"), file("good", "12.4.127.post1")}) == "good");
  CHECK(picked("==12.4.127.*", {file("good", "12.4.127"), yanked("y", "12.4.127.post1")}) == "good");
  const auto out = pick("==12.4.127.*", {yanked("y", "12.4.127")});
  REQUIRE(out);
  CHECK(out->artifacts.at(0).filename == "y");
  REQUIRE(out->notes.size() == 1);
  CHECK(out->notes[0] == "x 12.4.127 is yanked by its index (Broken release), but nothing else satisfies the pin ==12.4.127.*");
  CHECK(picked(">=12", {yanked("y", "12.4.127")}) == "error");
  const auto reasons = pick("==12.4.127.*", {yanked("y", "12.4.127"), file("good", "12.4.127.post1")});
  REQUIRE(reasons);
  CHECK(reasons->rejected.at(0).reason == "is yanked: Broken release");
}

TEST_CASE("no file: what there is, and why not", "[resolve]") {
  const auto absent = pick("==1.0", {});
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Code::no_such_version);
  CHECK_THAT(all_of(absent.error()), ContainsSubstring("channel `wheels` does not publish it"));
  const auto glibc = pick("==1.0", {file("a", "1.0", "needs glibc 2.34, here is 2.31")});
  REQUIRE_FALSE(glibc);
  CHECK_THAT(all_of(glibc.error()), ContainsSubstring("a needs glibc 2.34, here is 2.31"));
  const auto odd = pick("whatever", {file("a", "1.0")});
  REQUIRE_FALSE(odd);
  CHECK(odd.error().code == Code::integrity);
}

TEST_CASE("files of another channel are named, artifacts are sorted", "[resolve]") {
  auto nccl = file("nccl", "2.27");
  nccl.artifact.component = "nccl";
  auto cudart = file("cudart", "12.8.90");
  cudart.artifact.component = "cudart";
  const auto out = pick_files(release("12.8.0", "nvidia", {}, true), {{{"nccl", "nvidia-nccl-cu12", ""}, "wheels", {nccl}},
                                                                      {{"cudart", "cuda_cudart", "==12.8.90"}, "nvidia", {cudart}}});
  REQUIRE(out);
  CHECK(out->channel == "nvidia");
  CHECK(out->artifacts.at(0).component == "cudart");
  CHECK(out->notes == Names{"nccl comes from channel `wheels`"});
}
