#include "unit/catch.hpp"

#include "project/config.hpp"
#include "project/selection.hpp"
#include "project/torch_version.hpp"

using namespace cudaenv;
using namespace cudaenv::project;

namespace {

std::shared_ptr<const PinFile> pin(const char* text, const char* path = "/p/.cudaenv") {
  auto file = std::make_shared<PinFile>();
  file->path = path;
  file->text = text;
  PinError error;
  REQUIRE(parse_pin(file->text, file->pin, error));
  return file;
}

Selection chosen(const Wishes& wishes) {
  auto selection = choose_selection(wishes);
  REQUIRE(selection);
  return *selection;
}

Error refused(std::string_view text) {
  auto config = default_config();
  const auto laid = overlay_config(text, "/c.toml", config);
  REQUIRE_FALSE(laid);
  return laid.error();
}

}  // namespace

TEST_CASE("flag before variable before file before default") {
  Wishes wishes;
  CHECK(chosen(wishes).spec.empty());
  CHECK(chosen(wishes).origin.kind == Origin::Kind::none);
  wishes.fallback = pin("11.8\n", "/r/default");
  CHECK(chosen(wishes).spec == "11.8");
  CHECK(describe(chosen(wishes).origin) == "default in /r/default");
  wishes.found.pin = pin("# ours\n12.8\n");
  CHECK(chosen(wishes).spec == "12.8");
  CHECK(describe(chosen(wishes).origin) == "/p/.cudaenv:2");
  wishes.variable = "12.9";
  CHECK(describe(chosen(wishes).origin) == "$CUDAENV_TOOLKIT");
  wishes.flag = "13.0";
  CHECK(chosen(wishes).spec == "13.0");
  CHECK(chosen(wishes).origin.kind == Origin::Kind::flag);
}

TEST_CASE("a file that names no toolkit leaves the choice to the default and keeps its components") {
  Wishes wishes;
  wishes.fallback = pin("12.8\n", "/r/default");
  wishes.found.pin = pin("components = [\"nvcc\"]\n");
  CHECK(chosen(wishes).origin.kind == Origin::Kind::fallback);
  CHECK(chosen(wishes).pin->pin.components == 1);
}

TEST_CASE("a spec that is none names who wrote it") {
  Wishes wishes;
  wishes.variable = "../../x";
  CHECK(choose_selection(wishes).error().code == Code::config);
  CHECK(choose_selection(wishes).error().what.find("$CUDAENV_TOOLKIT") != std::string::npos);
  wishes.flag = "$(id)";
  CHECK(choose_selection(wishes).error().code == Code::usage);
}

TEST_CASE("torch's CUDA release is read, not imported") {
  CHECK(torch_cuda("__version__ = '2.9.1+cu128'\ndebug = False\ncuda: Optional[str] = '12.8'\ngit_version = 'x'\n") == "12.8");
  CHECK(torch_cuda("cuda = \"11.8\"\n") == "11.8");
  CHECK_FALSE(torch_cuda("cuda: Optional[str] = None\n"));
  CHECK_FALSE(torch_cuda("cuda_arch = '12.8'\n"));
  CHECK_FALSE(torch_cuda("cuda: str = '../x'\n"));
  CHECK_FALSE(torch_cuda(""));
}

TEST_CASE("configuration: later files win, and every value knows its place") {
  auto config = default_config();
  CHECK(config.find_channel("nvidia")->url.value.starts_with("https://"));
  CHECK(config.find_channel("wheels")->url.value.empty());
  REQUIRE(overlay_config("jobs = 3\nchannels = [\"site\", \"nvidia\"]\n[channel.site]\nkind = \"redist\"\nurl = \"file:///srv/m\"\n", "/a", config));
  REQUIRE(overlay_config("# more\nlibrary-path = \"never\"\njobs = 4\nfoo = 1\n[channel.nvidia]\nbar = 2\n", "/b", config));
  CHECK(config.channels.value == std::vector<std::string>{"site", "nvidia"});
  CHECK(describe(config.channels.origin) == "/a:2");
  CHECK(config.jobs.value == 4);
  CHECK(describe(config.jobs.origin) == "/b:3");
  CHECK(config.library_path.value == LibraryPathPolicy::never);
  CHECK(config.find_channel("site")->url.value == "file:///srv/m/");
  CHECK(describe(config.find_channel("site")->url.origin) == "/a:5");
  REQUIRE(config.warnings.size() == 2);
  CHECK(config.warnings[0].find("/b:6: unknown key `bar`") != std::string::npos);
  CHECK(config.warnings[1].find("/b:4: unknown key `foo`") != std::string::npos);
}

TEST_CASE("configuration: bad values name the file and the line") {
  CHECK(refused("jobs = -1\n").causes.front().starts_with("/c.toml:1: "));
  CHECK(refused("\nlibrary-path = \"maybe\"\n").causes.front().starts_with("/c.toml:2: "));
  CHECK(refused("channels = []\n").code == Code::config);
  CHECK(refused("channels = \"nvidia\"\n").code == Code::config);
  CHECK(refused("channels = [\"a\", \"a\"]\n").code == Code::config);
  CHECK(refused("[channel.x]\nkind = \"svn\"\n").causes.front().starts_with("/c.toml:2: "));
  CHECK(refused("[channel.x]\nkind = \"redist\"\nurl = \"ftp://x\"\n").causes.front().starts_with("/c.toml:3: "));
  CHECK(refused("[channel.\"a/b\"]\nkind = \"redist\"\n").code == Code::config);
  CHECK(refused("jobs = = 3\n").code == Code::config);
}
