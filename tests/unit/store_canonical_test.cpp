#include "store/canonical.hpp"

#include "store/complete.hpp"
#include "unit/catch.hpp"

using namespace cudaenv;
using namespace cudaenv::store;

TEST_CASE("a member of a wheel or an archive has one place in a toolkit", "[store]") {
  constexpr auto wheels = ChannelKind::wheels, redist = ChannelKind::redist;
  struct Case {
    ChannelKind kind;
    const char* component;
    const char* member;
    const char* path;  // nullptr: dropped
  };
  const Case cases[] = {
      {wheels, "nvcc", "nvidia/cu13/bin/nvcc", "bin/nvcc"},
      {wheels, "nvcc", "nvidia/cu13/bin/crt/link.stub", "bin/crt/link.stub"},
      {wheels, "nvvm", "nvidia/cu13/nvvm/bin/cicc", "nvvm/bin/cicc"},
      {wheels, "cudart", "nvidia/cuda_runtime/lib/libcudart.so.12", "lib/libcudart.so.12"},
      {wheels, "nvcc", "nvidia/cuda_nvcc/nvvm/lib64/libnvvm.so", "nvvm/lib64/libnvvm.so"},
      {wheels, "cudnn", "nvidia/cudnn/include/cudnn.h", "include/cudnn.h"},
      {wheels, "nccl", "nvidia/nccl/lib/libnccl.so.2", "lib/libnccl.so.2"},
      {wheels, "cccl", "nvidia/cu13/include/cccl/cuda/version", "include/cccl/cuda/version"},
      {wheels, "cccl", "nvidia/cu13/lib/cmake/cub/cub-config.cmake", "lib/cmake/cub/cub-config.cmake"},
      {wheels, "x", "nvidia/x/lib64/libx.so", "lib/libx.so"},
      {wheels, "cudart", "nvidia/__init__.py", nullptr},
      {wheels, "cudart", "nvidia/cuda_runtime/__init__.py", nullptr},
      {wheels, "cudart", "nvidia/cuda_runtime/lib/__init__.py", nullptr},
      {wheels, "cudart", "nvidia/cuda_runtime", nullptr},
      {wheels, "cccl", "nvidia/cu13/.metadata/provenance.txt", nullptr},
      {wheels, "nvcc", "nvidia_cuda_nvcc-13.0.88.dist-info/licenses/License.txt", "licenses/nvcc/LICENSE"},
      {wheels, "cudart", "nvidia_cuda_runtime_cu12-12.8.90.dist-info/License.txt", "licenses/cudart/LICENSE"},
      {wheels, "nccl", "nvidia_nccl_cu12-2.27.dist-info/licenses/NOTICE", "licenses/nccl/NOTICE"},
      {wheels, "nvcc", "nvidia_cuda_nvcc-13.0.88.dist-info/RECORD", nullptr},
      {wheels, "nvcc", "nvidia_cuda_nvcc-13.0.88.dist-info/METADATA", nullptr},
      {wheels, "nvcc", "elsewhere/bin/nvcc", nullptr},
      {redist, "nvcc", "cuda_nvcc-linux-x86_64-12.8.93-archive/bin/nvcc", "bin/nvcc"},
      {redist, "cudart", "cuda_cudart-linux-x86_64-12.8.90-archive/lib/stubs/libcuda.so", "lib/stubs/libcuda.so"},
      {redist, "cudart", "cuda_cudart-linux-x86_64-12.8.90-archive/pkg-config/cudart-12.8.pc", nullptr},
      {redist, "cudart", "cuda_cudart-linux-x86_64-12.8.90-archive/LICENSE", "licenses/cudart/LICENSE"},
      {redist, "cudnn", "cudnn-linux-x86_64-9.8-archive/LICENSE.txt", "licenses/cudnn/LICENSE"},
      {redist, "nvcc", "cuda_nvcc-linux-x86_64-12.8.93-archive/nvvm/libdevice/libdevice.10.bc",
       "nvvm/libdevice/libdevice.10.bc"},
      {redist, "nvcc", "cuda_nvcc-linux-x86_64-12.8.93-archive", nullptr},
      {redist, "x", "x-archive/lib64", "lib"},
      {redist, "x", "x-archive/../../etc/passwd", nullptr},
      {redist, "x", "/etc/passwd", nullptr},
      {wheels, "x", "nvidia/x/../../../etc/passwd", nullptr},
      {wheels, "x", "nvidia//x/lib", nullptr},
      {wheels, "x", "", nullptr},
  };
  for (const auto& c : cases) {
    INFO(c.member);
    const auto path = canonical_path(c.kind, c.component, c.member);
    CHECK(path.value_or("dropped") == (c.path == nullptr ? "dropped" : c.path));
  }
}

TEST_CASE("what is run is told by content, not by the modes of a wheel", "[store]") {
  const auto elf = [](char type, bool interpreter) {
    std::string head("\x7f" "ELF\x02\x01\x01", 7);
    head.resize(64 + 56, '\0');
    head[16] = type;
    head[32] = 64;
    head[54] = 56;
    head[56] = 1;
    head[64] = interpreter ? 3 : 1;
    return head;
  };
  CHECK(is_program("bin/nvcc", elf(2, false)));
  CHECK(is_program("extras/demo_suite/deviceQuery", elf(3, true)));
  CHECK(is_program("bin/static-pie", elf(3, false)));
  CHECK(is_program("nvvm/bin/cicc", elf(3, false)));
  CHECK_FALSE(is_program("lib/libcudart.so.13", elf(3, false)));
  CHECK_FALSE(is_program("lib/x.o", elf(1, false)));
  CHECK(is_program("bin/nsys", "#!/bin/sh\n"));
  CHECK_FALSE(is_program("bin/nvcc.profile", "TOP = $(_HERE_)/..\n"));
  for (std::size_t size = 0; size < 120; ++size) (void)is_program("x", elf(3, true).substr(0, size));
  CHECK_FALSE(may_be_program("include/cuda.h"));
  CHECK_FALSE(may_be_program("lib/libcudart.so.13"));
  CHECK(may_be_program("bin/ptxas"));
}

TEST_CASE("a link may not leave its tree", "[store]") {
  CHECK(resolve_link("lib/libx.so", "libx.so.1").value() == "lib/libx.so.1");
  CHECK(resolve_link("nvvm/lib64/x", "../../lib/x").value() == "lib/x");
  CHECK_FALSE(resolve_link("lib/x", "../../etc/passwd"));
  CHECK_FALSE(resolve_link("lib/x", "/etc/passwd"));
  CHECK_FALSE(resolve_link("lib/x", ""));
  CHECK_FALSE(resolve_link("x", ".."));
}

TEST_CASE("development links name the SONAME's library", "[store]") {
  using Links = std::vector<std::pair<std::string, std::string>>;
  CHECK(development_links({"libcudart.so.13", "libcudart_static.a"}) == Links{{"libcudart.so", "libcudart.so.13"}});
  CHECK(development_links({"libcudart.so", "libcudart.so.12", "libcudart.so.12.8.90"}).empty());
  CHECK(development_links({"libcudart.so.12", "libcudart.so.12.8.90"}) == Links{{"libcudart.so", "libcudart.so.12"}});
  CHECK(development_links({"liba.so.9", "liba.so.10"}) == Links{{"liba.so", "liba.so.10"}});
  CHECK(development_links({"libnvrtc-builtins.so.13.0", "libnvrtc.alt.so.13"}) ==
        Links{{"libnvrtc-builtins.so", "libnvrtc-builtins.so.13.0"}, {"libnvrtc.alt.so", "libnvrtc.alt.so.13"}});
  CHECK(development_links({"libx.so.bak", "x.so.1", "libx.so."}).empty());
}
