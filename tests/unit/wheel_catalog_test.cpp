#include "catalog/wheel_catalog.hpp"

#include <algorithm>
#include <map>

#include "unit/catch.hpp"

using namespace cudaenv;

namespace {

const std::string hash(64, 'a');
const std::string index_url = "https://index.example/simple/";
using Names = std::vector<std::string>;

const CatalogData& data() {
  static const auto loaded = load_catalog_data(std::string(CUDAENV_SOURCE_DIR) + "/manifests");
  REQUIRE(loaded);
  return *loaded;
}

// `lines`: "extra package specifier", one requirement each, under the marker that the real ones have.
std::string metapackage(const std::string& version, const std::vector<std::array<const char*, 3>>& lines) {
  std::string out = "Metadata-Version: 2.4\nName: cuda-toolkit\nVersion: " + version + "\nProvides-Extra: all\n";
  Names extras;
  for (const auto& [extra, package, specifier] : lines) {
    if (std::ranges::find(extras, extra) == extras.end()) out += std::string("Provides-Extra: ") + extra + "\n", extras.emplace_back(extra);
    const std::string where = std::string(package) == "nvidia-cudla"
                                  ? "(sys_platform == 'linux' and platform_machine == 'aarch64')"
                                  : "(sys_platform == 'linux' or sys_platform == 'win32')";
    for (const auto& name : {std::string(extra), std::string("all")})
      out += std::string("Requires-Dist: ") + package + specifier + "; " + where + " and extra == '" + name + "'\n";
  }
  return out + "\n# a description with Requires-Dist: nothing\n";
}

const std::vector<std::array<const char*, 3>> old_style{{"cudart", "nvidia-cuda-runtime-cu12", "==12.8.90.*"},
                                                        {"nvcc", "nvidia-cuda-nvcc-cu12", "==12.8.93.*"}};
const std::vector<std::array<const char*, 3>> new_style{{"crt", "nvidia-cuda-crt", "==13.5.37.*"},
                                                        {"cublas", "nvidia-cublas", "==13.10.0.20.*"},
                                                        {"cublas", "nvidia-cuda-nvrtc", "==13.5.37.*"},
                                                        {"cudart", "nvidia-cuda-runtime", "==13.5.37.*"},
                                                        {"cudla", "nvidia-cudla", "==13.5.25.*"},
                                                        {"newpart", "nvidia-cuda-runtime", "==13.5.37.*"},
                                                        {"newpart", "nvidia-newpart", "==1.0.*"},
                                                        {"nvcc", "nvidia-cuda-crt", "==13.5.37.*"},
                                                        {"nvcc", "nvidia-cuda-nvcc", "==13.5.37.*"},
                                                        {"nvcc", "nvidia-nvvm", "==13.5.37.*"},
                                                        {"nvjitlink", "nvidia-nvjitlink", "<14,>=13.5.37"},
                                                        {"nvrtc", "nvidia-cuda-nvrtc", "==13.5.37.*"},
                                                        {"nvvm", "nvidia-nvvm", "==13.5.37.*"}};

MetapackageRelease read(const std::string& version, const std::vector<std::array<const char*, 3>>& lines, Platform platform) {
  const auto metadata = parse_metadata(metapackage(version, lines));
  REQUIRE(metadata);
  auto out = read_metapackage(*metadata, data(), "wheels", platform);
  REQUIRE(out);
  return *out;
}

std::string anchor(const std::string& name, const std::string& more = "") {
  return "<a href=\"../../files/" + name + "#sha256=" + hash + "\" " + more + ">" + name + "</a>\n";
}

struct Index {
  std::map<std::string, std::string> pages;     // by project, or by whole URL
  std::map<std::string, std::string> metadata;  // by wheel
  int page_calls = 0, metadata_calls = 0;

  Get get() {
    return [this](const std::vector<PageRequest>& requests) {
      ++page_calls;
      std::vector<Result<Page>> out;
      for (const auto& request : requests) {
        auto found = pages.find(request.url);
        for (const auto& [name, body] : pages)
          if (request.url == index_url + name + "/") found = pages.find(name);
        if (found == pages.end()) out.emplace_back(fail(Code::no_such_version, "cannot find the page"));
        else out.emplace_back(Page{found->second, request.url, "text/html", std::string(64, 'c')});
      }
      return out;
    };
  }
  ReadMetadata read_metadata() {
    return [this](const std::vector<Artifact>& wheels) {
      ++metadata_calls;
      std::vector<Result<std::string>> out;
      for (const auto& wheel : wheels) {
        const auto found = metadata.find(wheel.filename);
        if (found == metadata.end()) out.emplace_back(fail(Code::network, "cannot fetch the wheel"));
        else out.emplace_back(found->second);
      }
      return out;
    };
  }
  std::unique_ptr<Catalog> catalog(Platform platform = Platform::linux_x86_64) {
    return make_wheel_catalog({"wheels", index_url, {platform, 36}}, data(), get(), read_metadata());
  }
};

Version version(const char* text) {
  Version out;
  REQUIRE(parse_version(text, out));
  return out;
}

Index sample() {
  Index out;
  out.pages["cuda-toolkit"] = "<a href=\"x/cuda_toolkit-0.0.0a0.tar.gz#sha256=" + hash + "\">x</a>" +
                              anchor("cuda_toolkit-12.8.1-py2.py3-none-any.whl") + anchor("cuda_toolkit-12.8.2.0-py2.py3-none-any.whl") +
                              anchor("cuda_toolkit-13.5.0-py2.py3-none-any.whl") + anchor("cuda_toolkit-13.6.0rc1-py2.py3-none-any.whl") +
                              anchor("cuda_toolkit-13.5.1-py2.py3-none-any.whl", "data-yanked=bad");
  out.metadata["cuda_toolkit-12.8.1-py2.py3-none-any.whl"] = metapackage("12.8.1", old_style);
  out.metadata["cuda_toolkit-12.8.2.0-py2.py3-none-any.whl"] = metapackage("12.8.2.0", old_style);
  out.metadata["cuda_toolkit-13.5.0-py2.py3-none-any.whl"] = metapackage("13.5.0", new_style);
  out.pages["nvidia-cuda-runtime"] = anchor("nvidia_cuda_runtime-13.5.37-py3-none-manylinux_2_17_x86_64.whl") +
                                     anchor("nvidia_cuda_runtime-13.5.37-py3-none-manylinux_2_17_aarch64.whl") +
                                     anchor("nvidia_other-13.5.37-py3-none-any.whl") +
                                     "<a href=\"nvidia_cuda_runtime-13.4.1-py3-none-any.whl\">no hash</a>";
  out.pages["nvidia-cudnn-cu13"] = anchor("nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl");
  return out;
}

}  // namespace

TEST_CASE("extras are components; what else an extra asks for is what it needs", "[wheels]") {
  const auto m = read("13.5.0", new_style, Platform::linux_x86_64);
  CHECK(m.release.components == Names{"crt", "cublas", "cudart", "newpart", "nvcc", "nvjitlink", "nvrtc", "nvvm"});
  CHECK(m.release.has_nvcc);
  CHECK(m.release.needs.at("nvcc") == Names{"crt", "nvvm"});
  CHECK(m.release.needs.at("cublas") == Names{"nvrtc"});
  CHECK(m.release.needs.at("newpart") == Names{"cudart"});
  CHECK_FALSE(m.release.needs.contains("nvvm"));
  const auto pin = std::ranges::find(m.pins, "newpart", &ComponentPin::component);  // not in components.toml
  REQUIRE(pin != m.pins.end());
  CHECK(pin->package == "nvidia-newpart");
  CHECK(std::ranges::find(m.pins, "nvjitlink", &ComponentPin::component)->specifier == "<14,>=13.5.37");
  CHECK(read("13.5.0", new_style, Platform::linux_sbsa).release.has("cudla"));
}

TEST_CASE("12.x wheels have an extra nvcc but no compiler", "[wheels]") {
  const auto m = read("12.8.1", old_style, Platform::linux_x86_64);
  CHECK(m.release.has("nvcc"));
  CHECK_FALSE(m.release.has_nvcc);
}

TEST_CASE("another package's METADATA is refused", "[wheels]") {
  for (const auto* text : {"Name: evil\nVersion: 1.0\n", "Name: cuda-toolkit\nVersion: one\n",
                           "Name: cuda-toolkit\nVersion: 1.0\nProvides-Extra: a\nRequires-Dist: x; extra == 'a' and colour == 'red'\n",
                           "Name: cuda-toolkit\nVersion: 1.0\nProvides-Extra: a\nRequires-Dist: x @ https://e/x.whl\n"}) {
    const auto metadata = parse_metadata(text);
    REQUIRE(metadata);
    const auto m = read_metapackage(*metadata, data(), "wheels", Platform::linux_x86_64);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == Code::integrity);
  }
}

TEST_CASE("what a component wheel itself requires", "[wheels]") {
  const auto metadata = parse_metadata(
      "Name: nvidia-cusolver-cu12\nVersion: 1\nRequires-Dist: nvidia-cublas-cu12\nRequires-Dist: nvidia-nvjitlink-cu12\n"
      "Requires-Dist: somebody-else\nRequires-Dist: nvidia-cusparse-cu12; sys_platform == 'win32'\n");
  REQUIRE(metadata);
  CHECK(required_components(*metadata, data(), Platform::linux_x86_64) == Names{"cublas", "nvjitlink"});
}

TEST_CASE("the metapackage's page is the list of releases", "[wheels]") {
  auto index = sample();
  const auto catalog = index.catalog();
  const auto versions = catalog->versions();
  REQUIRE(versions);
  Names texts;
  for (const auto& one : *versions) texts.emplace_back(to_text(one).view());
  CHECK(texts == Names{"13.6.0rc1", "13.5.0", "12.8.2", "12.8.1"});  // newest first; yanked and placeholder are out

  const auto releases = catalog->releases({version("13.5.0"), version("12.8.2"), version("12.0"), version("13.6.0rc1")});
  REQUIRE(releases.size() == 4);
  REQUIRE(releases[0]);
  CHECK(releases[0]->has_nvcc);
  REQUIRE(releases[1]);
  CHECK(releases[1]->channel == "wheels");
  REQUIRE_FALSE(releases[2]);
  CHECK(releases[2].error().code == Code::no_such_version);
  REQUIRE_FALSE(releases[3]);
  CHECK(releases[3].error().code == Code::network);
  CHECK(index.metadata_calls == 1);
  CHECK(catalog->release(version("13.5.0")));
  CHECK(index.page_calls == 1);
  CHECK(index.metadata_calls == 1);
}

TEST_CASE("METADATA beside the wheel is used where its hash is right, else the wheel", "[wheels]") {
  for (const bool right : {true, false}) {
    auto index = sample();
    const std::string name = "cuda_toolkit-13.5.0-py2.py3-none-any.whl";
    index.pages["cuda-toolkit"] = anchor(name, "data-core-metadata=\"sha256=" + std::string(64, right ? 'c' : 'd') + "\"");
    index.pages["https://index.example/files/" + name + ".metadata"] = metapackage("13.5.0", new_style);
    CHECK(index.catalog()->release(version("13.5.0")));
    CHECK(index.metadata_calls == (right ? 0 : 1));
  }
}

TEST_CASE("a wheel that says another version than its name is refused", "[wheels]") {
  auto index = sample();
  index.metadata["cuda_toolkit-13.5.0-py2.py3-none-any.whl"] = metapackage("13.4.0", new_style);
  const auto release = index.catalog()->release(version("13.5.0"));
  REQUIRE_FALSE(release);
  CHECK(release.error().code == Code::integrity);
}

TEST_CASE("files of components, with why one cannot be used", "[wheels]") {
  auto index = sample();
  const auto catalog = index.catalog();
  const auto files = catalog->files(version("13.5.0"), {"cudart", "crt"});
  REQUIRE(files);
  REQUIRE(files->size() == 2);
  const auto& cudart = files->at(0);
  CHECK(cudart.pin.package == "nvidia-cuda-runtime");
  CHECK(cudart.channel == "wheels");
  REQUIRE(cudart.files.size() == 3);
  CHECK(cudart.files[0].unfit.empty());
  CHECK(cudart.files[0].artifact.url == "https://index.example/files/nvidia_cuda_runtime-13.5.37-py3-none-manylinux_2_17_x86_64.whl");
  CHECK(cudart.files[0].artifact.component == "cudart");
  CHECK_THAT(cudart.files[1].unfit, ContainsSubstring("aarch64"));
  CHECK_THAT(cudart.files[2].unfit, ContainsSubstring("no sha256"));
  CHECK(files->at(1).files.empty());  // the index has no page of nvidia-cuda-crt
  const auto calls = index.page_calls;
  CHECK(catalog->files(version("13.5.0"), {"cudart"}));
  CHECK(index.page_calls == calls);
  CHECK_FALSE(catalog->files(version("13.5.0"), {"cudla"}));
}

TEST_CASE("companions keep their suffix by CUDA major version", "[wheels]") {
  auto index = sample();
  const auto catalog = index.catalog();
  const auto cudnn = catalog->companion({"cudnn", "9"}, 13);
  REQUIRE(cudnn);
  CHECK(cudnn->pin.package == "nvidia-cudnn-cu13");
  CHECK(cudnn->pin.specifier == "==9.*");
  CHECK(cudnn->files.size() == 1);
  const auto none = catalog->companion({"nccl", ""}, 12);
  REQUIRE(none);
  CHECK(none->files.empty());
}

TEST_CASE("a page without any wheel of the metapackage is no catalogue", "[wheels]") {
  Index index;
  index.pages["cuda-toolkit"] = "<html><h1>Sign in to the hotel's network</h1></html>";
  const auto versions = index.catalog()->versions();
  REQUIRE_FALSE(versions);
  CHECK(versions.error().code == Code::integrity);
  const auto release = index.catalog()->release(version("13.5.0"));
  CHECK_FALSE(release);
}
