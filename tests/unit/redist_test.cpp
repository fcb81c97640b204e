#include "catalog/redist_catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "catalog/url.hpp"
#include "sys/fs.hpp"
#include "unit/catch.hpp"
#include "unit/shared_data.hpp"

using namespace cudaenv;

namespace {

const std::string hash(64, 'b');
const std::string tree = "https://mirror.example/cuda/redist/";

const CatalogData& data() {
  static const auto loaded = load_catalog_data(std::string(CUDAENV_SOURCE_DIR) + "/manifests");
  REQUIRE(loaded);
  return *loaded;
}

std::string entry(const std::string& path) {
  return R"({"relative_path":")" + path + R"(","sha256":")" + hash + R"(","md5":"0","size":"1234"})";
}
std::string component(const std::string& name, const std::string& version, const std::string& more = "") {
  return "\"" + name + R"(":{"name":"N","license":"CUDA Toolkit","license_path":"x/LICENSE.txt","version":")" + version +
         R"(","linux-x86_64":)" + entry(name + "/linux-x86_64/" + name + "-archive.tar.xz") + more + "}";
}
std::string manifest(const std::string& components) {
  return R"({"release_date":"2025-10-09","release_label":"13.0.2","release_product":"cuda",)" + components + "}";
}

// A channel in memory. What is not there is missing; what was asked for is remembered.
struct Site {
  std::map<std::string, std::string> pages;
  std::set<std::string> broken;
  std::vector<std::string> asked;

  Get get() {
    return [this](const std::vector<PageRequest>& requests) {
      std::vector<Result<Page>> out;
      for (const auto& request : requests) {
        asked.push_back(request.url);
        const auto found = pages.find(request.url);
        if (broken.contains(request.url)) out.emplace_back(fail(Code::network, "cannot reach `" + request.url + "`"));
        else if (found == pages.end()) out.emplace_back(fail(Code::no_such_version, "cannot find `" + request.url + "`"));
        else out.emplace_back(Page{found->second, request.url, "", std::string(64, 'c')});
      }
      return out;
    };
  }
};

Version version(const char* text) {
  Version out;
  REQUIRE(parse_version(text, out));
  return out;
}

}  // namespace

TEST_CASE("a manifest: text keys beside platforms, sizes as text, nested CUDA variants", "[redist]") {
  const auto m = parse_redist_manifest(
      manifest(component("cuda_nvcc", "13.0.88", R"(,"linux-sbsa":)" + entry("cuda_nvcc/linux-sbsa/x.tar.xz")) + "," +
               R"("cudnn":{"license":"cudnn","version":"9.14.0.64","cuda_variant":["12","13"],"linux-x86_64":{"cuda12":)" +
               entry("cudnn/a_cuda12.tar.xz") + R"(,"cuda13":)" + entry("cudnn/a_cuda13.tar.xz") + R"(,"note":"x"}},)" +
               R"("docs":{"version":"1","linux-all":)" + entry("docs/x.tar.xz") + R"(},"only_windows":{"version":"1","windows-x86_64":)" +
               entry("w/x.zip") + R"(},"no_hash":{"version":"1","linux-x86_64":{"relative_path":"a/b.tar.xz"}},"odd":{"linux-x86_64":"text"})"),
      Platform::linux_x86_64);
  REQUIRE(m);
  CHECK(m->release_date == "2025-10-09");
  CHECK(m->release_label == "13.0.2");
  REQUIRE(m->files.size() == 4);
  CHECK(m->files[0].package == "cuda_nvcc");
  CHECK(m->files[0].size == 1234);
  CHECK(m->files[0].sha256 == hash);
  CHECK(m->files[1].cuda_variant == "12");
  CHECK(m->files[2].cuda_variant == "13");
  CHECK(m->files[3].relative_path == "docs/x.tar.xz");
  REQUIRE(m->notes.size() == 1);
  CHECK_THAT(m->notes[0], ContainsSubstring("no_hash"));
  const auto arm = parse_redist_manifest(manifest(component("cuda_nvcc", "1")), Platform::linux_sbsa);
  REQUIRE(arm);
  CHECK(arm->files.empty());
}

TEST_CASE("hostile manifests are refused", "[redist]") {
  for (const std::string path : {"/etc/passwd", "../x.tar.xz", "a/../../x", "https://evil.example/x", "a//b", "a/b\\\\c", "", "a/ b", "a/./b"}) {
    CAPTURE(path);
    const auto m = parse_redist_manifest(manifest(R"("x":{"version":"1","linux-x86_64":)" + entry(path) + "}"), Platform::linux_x86_64);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == Code::integrity);
  }
  for (const auto& text : {std::string(), std::string("[]"), std::string("7"), std::string(1000, '['), std::string("\xff"),
                                 std::string(max_page_bytes + 1, ' ')})
    CHECK_FALSE(parse_redist_manifest(text, Platform::linux_x86_64));
  const auto whole = manifest(component("cuda_nvcc", "13.0.88"));
  for (std::size_t n = 0; n <= whole.size(); ++n)
    CHECK(parse_redist_manifest(whole.substr(0, n), Platform::linux_x86_64).has_value() == (n == whole.size()));
}

TEST_CASE("a listing page names the manifests", "[redist]") {
  const auto found = listed_manifests(listing_page({"redistrib_12.8.1.json", "redistrib_13.0.2.json", "redistrib_x.json", "cuda_nvcc/",
                                                    "redistrib_.json", "redistrib_9.0.0.json.sig", "redistrib_12.8.1.json"}) +
                                      "<a href=\"/compute/cuda/redist/redistrib_13.5.0.json\">x</a>");
  REQUIRE(found.size() == 3);
  CHECK(found[0].filename == "redistrib_13.5.0.json");
  CHECK(found[1].version == version("13.0.2"));
  CHECK(found[2].version == version("12.8.1"));
  CHECK(listed_manifests("<html>nothing here</html>").empty());
}

TEST_CASE("releases and files of a redist channel", "[redist]") {
  Site site;
  site.pages[tree] = listing_page({"redistrib_12.8.1.json", "redistrib_13.0.2.json"});
  site.pages[tree + "redistrib_13.0.2.json"] =
      manifest(component("cuda_nvcc", "13.0.88") + "," + component("cuda_crt", "13.0.88") + "," + component("libnvvm", "13.0.88") + "," +
               component("cuda_cudart", "13.0.96") + "," + component("libnewthing", "1.0") +
               R"(,"fabricmanager":{"license":"NVIDIA Driver","version":"580","linux-x86_64":)" + entry("f/x.tar.xz") + "}");
  site.pages[tree + "redistrib_12.8.1.json"] = manifest(component("cuda_nvcc", "12.8.93"));
  const auto catalog = make_redist_catalog({"nvidia", tree.substr(0, tree.size() - 1), Platform::linux_x86_64}, data(), site.get());

  const auto versions = catalog->versions();
  REQUIRE(versions);
  REQUIRE(versions->size() == 2);
  const auto releases = catalog->releases(*versions);
  REQUIRE(releases[0]);
  CHECK(releases[0]->components == std::vector<std::string>{"crt", "cudart", "newthing", "nvcc", "nvvm"});
  CHECK(releases[0]->has_nvcc);
  REQUIRE(releases[1]);
  CHECK(releases[1]->has_nvcc);  // before 13.0 cuda_nvcc holds crt and nvvm
  const auto asked = site.asked.size();
  CHECK(catalog->release(version("13.0.2")));
  CHECK(site.asked.size() == asked);  // remembered

  const auto files = catalog->files(version("13.0.2"), {"nvcc", "cudart"});
  REQUIRE(files);
  REQUIRE(files->size() == 2);
  CHECK(files->at(0).pin.package == "cuda_nvcc");
  CHECK(files->at(0).pin.specifier == "==13.0.88");
  const auto& artifact = files->at(0).files.at(0).artifact;
  CHECK(artifact.url == tree + "cuda_nvcc/linux-x86_64/cuda_nvcc-archive.tar.xz");
  CHECK(artifact.filename == "cuda_nvcc-archive.tar.xz");
  CHECK(artifact.size == 1234);
  CHECK(artifact.kind == ChannelKind::redist);
  CHECK_FALSE(catalog->files(version("13.0.2"), {"cublas"}));
  const auto absent = catalog->release(version("99.0.0"));
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == Code::no_such_version);
}

TEST_CASE("a 13.x nvcc without its other parts is no compiler", "[redist]") {
  Site site;
  site.pages[tree] = listing_page({"redistrib_13.0.2.json"});
  site.pages[tree + "redistrib_13.0.2.json"] = manifest(component("cuda_nvcc", "13.0.88"));
  const auto catalog = make_redist_catalog({"nvidia", tree, Platform::linux_x86_64}, data(), site.get());
  const auto release = catalog->release(version("13.0.2"));
  REQUIRE(release);
  CHECK_FALSE(release->has_nvcc);
}

TEST_CASE("a server without listings is asked for the releases that toolkits.toml knows", "[redist]") {
  Site site;
  const auto catalog = make_redist_catalog({"nvidia", tree, Platform::linux_x86_64}, data(), site.get());
  const auto versions = catalog->versions();
  REQUIRE(versions);
  CHECK(versions->size() > 40);
  CHECK(std::ranges::is_sorted(*versions, [](const Version& a, const Version& b) { return b < a; }));

  site.broken.insert(tree);
  const auto unreachable = make_redist_catalog({"nvidia", tree, Platform::linux_x86_64}, data(), site.get())->versions();
  REQUIRE_FALSE(unreachable);
  CHECK(unreachable.error().code == Code::network);

  const auto empty = make_redist_catalog({"site", "file:///srv/none/", Platform::linux_x86_64}, data(), site.get())->versions();
  CHECK_FALSE(empty);
}

TEST_CASE("the built-in channel's manifests must have the hash that is known", "[redist]") {
  const auto built_in = std::ranges::find(data().channels, ChannelKind::redist, &BuiltInChannel::kind);
  REQUIRE(built_in != data().channels.end());
  for (const auto& url : {built_in->url, tree}) {
    Site site;
    site.pages[url + "redistrib_13.0.2.json"] = manifest(component("cuda_nvcc", "13.0.88"));
    const auto release = make_redist_catalog({"nvidia", url, Platform::linux_x86_64}, data(), site.get())->release(version("13.0.2"));
    if (url == tree) {
      CHECK(release);
    } else {
      REQUIRE_FALSE(release);
      CHECK(release.error().code == Code::integrity);
    }
  }
}

TEST_CASE("companions come from the sister tree, for the right CUDA major version", "[redist]") {
  const std::string cudnn = "https://mirror.example/cudnn/redist/";
  Site site;
  site.pages[cudnn] = listing_page({"redistrib_9.14.0.json", "redistrib_9.9.0.json", "redistrib_8.9.7.29.json"});
  site.pages[cudnn + "redistrib_9.14.0.json"] = R"({"cudnn":{"version":"9.14.0.64","linux-x86_64":{"cuda13":)" + entry("cudnn/n_cuda13.tar.xz") +
                                                R"(}},"cudnn_samples":{"version":"9.14.0.64","linux-x86_64":)" + entry("s/s.tar.xz") + "}}";
  site.pages[cudnn + "redistrib_9.9.0.json"] = R"({"cudnn":{"version":"9.9.0.52","linux-x86_64":{"cuda12":)" + entry("cudnn/o_cuda12.tar.xz") + "}}}";
  site.pages[cudnn + "redistrib_8.9.7.29.json"] = R"({"cudnn":{"version":"8.9.7.29","linux-x86_64":)" + entry("cudnn/e.tar.xz") + "}}";
  const auto catalog = make_redist_catalog({"nvidia", tree, Platform::linux_x86_64}, data(), site.get());
  struct Case {
    const char* wanted;
    unsigned major;
    const char* filename;  // empty: none
  };
  for (const auto& c : std::vector<Case>{{"", 13, "n_cuda13.tar.xz"}, {"9", 13, "n_cuda13.tar.xz"}, {"9", 12, "o_cuda12.tar.xz"},
                                         {"9.14", 12, ""}, {"8", 12, "e.tar.xz"}, {"8.9.7", 11, "e.tar.xz"}, {"7", 12, ""}}) {
    CAPTURE(c.wanted, c.major);
    const auto found = catalog->companion({"cudnn", c.wanted}, c.major);
    REQUIRE(found);
    CHECK((found->files.empty() ? "" : found->files.at(0).artifact.filename) == c.filename);
  }
  const auto nccl = catalog->companion({"nccl", ""}, 13);  // never in a redist tree
  REQUIRE(nccl);
  CHECK(nccl->files.empty());
  const auto nvshmem = catalog->companion({"nvshmem", ""}, 13);  // no such tree on this mirror
  REQUIRE(nvshmem);
  CHECK(nvshmem->files.empty());
}

TEST_CASE("every real manifest parses", "[redist][shared]") {
  const auto folder = shared_data::folder("redistrib");
  if (folder.empty()) return;
  std::size_t cuda = 0, files = 0, complete = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.path().extension() != ".json") continue;
    CAPTURE(item.path().filename().string(), item.path().parent_path().filename().string());
    const auto text = fs::read_file(item.path().string(), max_page_bytes);
    REQUIRE(text);
    for (const auto platform : {Platform::linux_x86_64, Platform::linux_sbsa}) {
      const auto m = parse_redist_manifest(*text, platform);
      REQUIRE(m);
      CHECK(m->notes.empty());
      if (platform == Platform::linux_x86_64) CHECK(m->files.size() >= 1);
      files += m->files.size();
      for (const auto& file : m->files) CHECK(file.size > 0);
    }
    if (item.path().parent_path().filename() != "cuda") continue;
    ++cuda;
    const auto name = item.path().filename().string();
    Site site;
    site.pages[tree] = listing_page({name});
    site.pages[tree + name] = *text;
    const auto catalog = make_redist_catalog({"nvidia", tree, Platform::linux_x86_64}, data(), site.get());
    const auto versions = catalog->versions();
    REQUIRE(versions);
    const auto release = catalog->release(versions->front());
    REQUIRE(release);
    CHECK(release->has_nvcc);
    for (const char* never : {"fabricmanager", "imex", "mft", "nvidia-driver", "nvlsm", "nvsdm"}) CHECK_FALSE(release->has(never));
    for (const char* always : {"nvcc", "cudart", "cccl", "cublas", "nvrtc", "gdb", "nvprune", "sanitizer"}) CHECK(release->has(always));
    CHECK(catalog->files(release->version, release->components));
    complete += release->has("nvvm") ? 1 : 0;
  }
  CHECK(cuda == 37);
  CHECK(complete == 3);  // 13.0.0, 13.0.1, 13.0.2
  CHECK(files > 2000);
}
