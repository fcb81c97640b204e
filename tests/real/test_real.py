"""The main job on real NVIDIA bytes: real wheels from the index that pip is configured with.

Two releases with their own nvcc and two runtimes side by side, compiled and linked against in every way a
project does it, and the same toolkit once more from a redistributable mirror that is made of the same wheels.
Nothing is taken from pip's download cache, and nothing is kept.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import unittest

import redist
from sealed import SOURCE, SealedHome, toolkit_tree

PASSED_ON = re.compile(r"^(PIP_.*|.*_proxy|.*_PROXY|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$")
home = None
plans, trees = {}, {}  # of the first installs, before anything is added


def setUpModule():
    global home
    if os.environ.get("CUDAENV_TEST_OFFLINE"):
        raise unittest.SkipTest("CUDAENV_TEST_OFFLINE is set")
    home = SealedHome("real")
    home.env.pop("PIP_CONFIG_FILE")
    home.env.update({name: value for name, value in os.environ.items() if PASSED_ON.match(name)})
    home.configure('channels = ["wheels"]\n')  # without a url: the index of pip
    offers = home.cudaenv("list", "--available", "--json", timeout=180)
    if offers.status == 0 and not offers.json["releases"]:
        raise unittest.SkipTest("the index is not reachable: " + json.dumps(offers.json["unreachable"])[:300])
    if offers.status == 6:
        raise unittest.SkipTest("the index is not reachable: " + offers.err.strip()[:300])
    if offers.status:
        raise AssertionError(f"list --available failed\n{offers}")


def tearDownModule():
    if home:
        home.remove()


class RealCase(unittest.TestCase):
    def works(self, ran):
        self.assertEqual(ran.status, 0, str(ran))
        return ran

    def cudaenv(self, *words, timeout=600, **options):
        return self.works(home.cudaenv(*words, timeout=timeout, **options))

    def install(self, *words, **options):
        ran = self.cudaenv("install", *words, "--json", **options)
        return ran.json["installed"]

    def inside(self, version, *command, cwd=None, timeout=300):
        """Runs a command in the environment of a toolkit."""
        return self.works(home.cudaenv("run", f"+{version}", "--", *command, cwd=cwd, timeout=timeout))

    def project(self, name, files):
        for path, text in files.items():
            home.write(f"{name}/{path}", textwrap.dedent(text))
        return home.work / name


class Test1Install(RealCase):
    """First, in order of name: what the others use."""

    def test_1_two_releases_with_nvcc(self):
        for version, low, high in (("13.0.2", 95_000_000, 115_000_000), ("13.5.0", 100_000_000, 160_000_000)):
            (report,) = self.install(version, "--profile", "compile")
            plan = report["plan"]
            plans[version], trees[version] = plan, toolkit_tree(home.root / "names" / version)
            print(f"  {version} --profile compile: {plan['download_bytes']} bytes in {len(plan['fetch'])} files")
            self.assertTrue(low < plan["download_bytes"] < high, plan["download_bytes"])
            self.assertTrue(report["smoke"], report)
            self.assertNotIn("fail", [line["status"] for line in report["smoke"]], report["smoke"])
            ran = self.inside(version, "nvcc", "--version")
            self.assertIn(f"release {version.rsplit('.', 1)[0]},", ran.out)

    def test_2_runtimes_beside_them(self):
        for version in ("12.8.1", "11.8.0"):
            self.install(version, "--profile", "runtime")
        listed = {one["version"]: one for one in self.cudaenv("list", "--json").json["toolkits"]}
        self.assertEqual(sorted(listed), ["11.8.0", "12.8.1", "13.0.2", "13.5.0"])
        code = ("import ctypes, sys; a, b = ctypes.c_int(), ctypes.c_int(); "
                "ctypes.CDLL(sys.argv[1]).nvrtcVersion(ctypes.byref(a), ctypes.byref(b)); print(f'{a.value}.{b.value}')")
        for version, cudart, nvrtc in (("12.8.1", "libcudart.so.12", "libnvrtc.so.12"),
                                       ("11.8.0", "libcudart.so.11.0", "libnvrtc.so.11.2")):
            lib = pathlib.Path(listed[version]["path"]) / "lib"
            self.assertEqual(os.readlink(lib / "libcudart.so"), cudart)
            ran = self.works(home.run("/usr/bin/python3", "-c", code, lib / nvrtc))
            self.assertEqual(ran.out.strip(), version.rsplit(".", 1)[0])

    def test_3_nvrtc_added_by_name(self):
        (report,) = self.install("13.0.2", "--with", "nvrtc,nvjitlink")
        packages = {one["component"] for one in report["plan"]["fetch"]}
        self.assertIn("nvrtc", packages)
        self.assertNotIn("nvcc", packages)


class Test2Build(RealCase):
    VERSIONS = ("13.0.2", "13.5.0")

    def test_nvcc_shared_and_static(self):
        folder = self.project("nvcc", {"vecadd.cu": (SOURCE / "demo/vecadd.cu").read_text()})
        for version in self.VERSIONS:
            for cudart in ("shared", "static"):
                with self.subTest(version, cudart=cudart):
                    name = f"vecadd-{version}-{cudart}"
                    self.inside(version, "nvcc", "-cudart", cudart, "-o", name, "vecadd.cu", cwd=folder)
                    top = self.cudaenv("prefix", version).out.strip()
                    ran = self.works(home.run(folder / name, env={"LD_LIBRARY_PATH": f"{top}/lib"}))
                    self.assertIn(f"compiled with CUDA {version.rsplit('.', 1)[0]}", ran.out)
                    needed = home.run("readelf", "-d", folder / name).out
                    self.assertEqual("libcudart.so.13" in needed, cudart == "shared")

    def test_driver_api_links_against_the_stub(self):
        folder = self.project("driver", {"main.cpp": """
            #include <cuda.h>
            int main() { int version = 0; return cuDriverGetVersion(&version) == CUDA_SUCCESS ? 0 : 1; }
            """})
        for version in self.VERSIONS:
            with self.subTest(version):
                top = self.cudaenv("prefix", version).out.strip()
                self.inside(version, "g++", "main.cpp", f"-I{top}/include", f"-L{top}/lib/stubs", "-lcuda", "-o", "driver",
                            cwd=folder)
                dynamic = home.run("readelf", "-d", folder / "driver").out
                self.assertIn("[libcuda.so.1]", dynamic)
                self.assertNotRegex(dynamic, r"R(UN)?PATH.*stubs")

    def test_nvrtc_compiles_in_a_program(self):
        folder = self.project("nvrtc", {"main.cpp": r"""
            #include <cstdio>
            #include <nvrtc.h>
            #include <string>
            int main() {
              nvrtcProgram program;
              nvrtcCreateProgram(&program, "__global__ void k(int* p) { *p = 42; }", "k.cu", 0, nullptr, nullptr);
              const char* options[] = {"--gpu-architecture=compute_90"};
              if (nvrtcCompileProgram(program, 1, options) != NVRTC_SUCCESS) return 1;
              std::size_t size = 0;
              nvrtcGetPTXSize(program, &size);
              std::string ptx(size, '\0');
              nvrtcGetPTX(program, ptx.data());
              std::puts(ptx.find(".visible .entry") != ptx.npos ? "ptx" : "no ptx");
            }
            """})
        top = self.cudaenv("prefix", "13.0.2").out.strip()
        self.inside("13.0.2", "g++", "main.cpp", f"-I{top}/include", f"-L{top}/lib", "-lnvrtc", f"-Wl,-rpath,{top}/lib",
                    "-Wl,--disable-new-dtags", "-o", "nvrtc", cwd=folder)  # RPATH: NVRTC looks for its builtins by it
        self.assertEqual(self.works(home.run(folder / "nvrtc")).out, "ptx\n")

    # component -> CMake's imported targets that need nothing else
    TARGETS = {"cudart": ["cudart", "cudart_static"], "nvml": ["nvml"], "nvrtc": ["nvrtc"], "nvjitlink": ["nvJitLink"],
               "culibos": ["culibos"], "nvtx": ["nvtx3"], "": ["toolkit", "cuda_driver"]}

    def test_cmake_finds_every_target_of_what_is_installed(self):
        listed = {one["version"]: one["components"] for one in self.cudaenv("list", "--json").json["toolkits"]}
        known = set(re.findall(r"CUDA::(\w+)", home.run("cmake", "--help-module", "FindCUDAToolkit").out)) | {"toolkit"}
        for version in self.VERSIONS:
            with self.subTest(version):
                wanted = [name for part, names in self.TARGETS.items() if not part or part in listed[version]
                          for name in names if name in known]  # nvJitLink is newer than CMake 3.25
                self.assertGreater(len(wanted), 5)
                links = "\n".join(f"add_executable(link_{name} main.cpp)\n"
                                  f"target_link_libraries(link_{name} PRIVATE CUDA::{name})" for name in wanted)
                folder = self.project(f"cmake-{version}", {
                    "main.cpp": "int main() { return 0; }\n",
                    "vecadd.cu": (SOURCE / "demo/vecadd.cu").read_text(),
                    # With 3.25 as the minimum, FindCUDAToolkit of CMake 3.25 trips over every toolkit without
                    # libnvToolsExt, NVIDIA's own 13.x among them.
                    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.24)\nproject(targets LANGUAGES CXX CUDA)\n"
                                      "find_package(CUDAToolkit REQUIRED)\nmessage(STATUS \"found ${CUDAToolkit_VERSION} in "
                                      "${CUDAToolkit_LIBRARY_DIR}\")\n" + links + "\nadd_executable(vecadd vecadd.cu)\n"})
                print(f"  CMake {version}: {' '.join(wanted)}")
                ran = self.inside(version, "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_CUDA_ARCHITECTURES=90",
                                  cwd=folder)
                top = os.path.realpath(self.cudaenv("prefix", version).out.strip())
                found = re.search(r"found (\S+) in (\S+)", ran.out)
                self.assertTrue(found[1].startswith(version.rsplit(".", 1)[0]), ran.out)
                self.assertTrue(os.path.realpath(found[2]).startswith(top), ran.out)
                self.inside(version, "cmake", "--build", "build", cwd=folder)

    def test_meson(self):
        if home.run("meson", "--version").status:
            self.skipTest("meson is not installed")
        folder = self.project("meson", {
            "meson.build": "project('m', 'cpp')\ncuda = dependency('cuda', modules: ['cudart'])\n"
                           "executable('m', 'main.cpp', dependencies: cuda)\n",
            "main.cpp": "#include <cuda_runtime_api.h>\nint main() { int v; return cudaRuntimeGetVersion(&v); }\n"})
        for version in self.VERSIONS:
            with self.subTest(version):
                ran = self.inside(version, "meson", "setup", f"build-{version}", cwd=folder)
                self.assertRegex(ran.out, rf"cuda.* found: YES {re.escape(version.rsplit('.', 1)[0])}")
                self.inside(version, "meson", "compile", "-C", f"build-{version}", cwd=folder)

    def test_plain_make(self):
        folder = self.project("make", {
            "Makefile": "vecadd: vecadd.cu\n\t$(CUDA_HOME)/bin/nvcc -o $@ $<\n"
                        "host: host.cpp\n\t$(CXX) -I$(CUDA_HOME)/include -o $@ $< -L$(CUDA_HOME)/lib64 -lcudart\n",
            "vecadd.cu": (SOURCE / "demo/vecadd.cu").read_text(),
            "host.cpp": "#include <cuda_fp16.h>\n#include <cuda_runtime_api.h>\n#include <cuda_profiler_api.h>\n"
                        "#include <nvml.h>\n#include <nvtx3/nvToolsExt.h>\n"
                        "int main() { int v; return cudaRuntimeGetVersion(&v); }\n"})
        for version in self.VERSIONS:
            with self.subTest(version):
                self.inside(version, "make", "-B", "vecadd", "host", cwd=folder)
                ran = self.works(home.run(folder / "vecadd"))
                self.assertIn(f"compiled with CUDA {version.rsplit('.', 1)[0]}", ran.out)

    def test_verdict_without_a_gpu(self):
        ran = home.cudaenv("verify", "13.0.2", "--json", timeout=120)
        if os.path.exists("/dev/nvidiactl"):
            self.skipTest("a GPU is here: tests/gpu/run judges it")
        self.assertEqual(ran.status, 0, str(ran))
        self.assertEqual(ran.json["verdict"], "compile-only", str(ran))


class Test3Redist(RealCase):
    def test_mirror_made_of_the_wheels_gives_the_same_tree(self):
        if "13.0.2" not in plans:
            self.skipTest("13.0.2 was not installed")
        wheels = home.folder / "wheels"
        wheels.mkdir()
        fetch = plans["13.0.2"]["fetch"]
        # pip on this side: its own client of the same index, and the same hashes
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-cache-dir",
                        "--no-deps", "--only-binary=:all:", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_17_x86_64",
                        "-d", str(wheels), *(f"{one['package']}=={one['version']}" for one in fetch)],
                       check=True, env={**home.env, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")})
        self.assertEqual(sorted(path.name for path in wheels.iterdir()), sorted(one["filename"] for one in fetch))
        mirror = home.folder / "redist"
        redist.write_mirror(mirror, "13.0.2", wheels.iterdir())
        home.configure(f'channels = ["site"]\n[channel.site]\nkind = "redist"\nurl = "file://{mirror}/"\n')
        parts = ",".join(one["component"] for one in fetch)
        root = home.folder / "root-redist"
        self.cudaenv("install", "13.0.2", "--only", parts, "--no-verify", env={"CUDAENV_ROOT": root})
        self.assertGreater(len(trees["13.0.2"]), 1000)
        self.assertEqual(toolkit_tree(root / "names/13.0.2"), trees["13.0.2"])
