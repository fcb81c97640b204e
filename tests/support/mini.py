"""Miniature CUDA toolkits: real wheels, in NVIDIA's layout, with contents of our own making and a few MB in all.

    wheels = mini.build(folder)                 # every release of RELEASES
    mini.write_index(folder / "site", wheels)   # PEP 503 and PEP 691 pages, files beside them

The libraries are real ELF files with the right SONAME, `nvcc` is a shell script that prints its version the
way nvcc does and "compiles" by writing a script, and the modes are as odd as those of the real wheels
(rwxr--r--). Nothing here is NVIDIA's.
"""

import base64
import functools
import hashlib
import html
import json
import pathlib
import random
import subprocess
import tempfile
import zipfile

TAG = "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64"
LINUX = "(sys_platform == 'linux' or sys_platform == 'win32')"
NVCC_NEEDS = ["nvcc", "crt", "nvvm", "cudart"]

# toolkit -> extra -> (package, its own version). The first package named under an extra is the component.
RELEASES = {
    "13.0.2": {"cudart": ("nvidia-cuda-runtime", "13.0.96"), "nvcc": ("nvidia-cuda-nvcc", "13.0.88"),
               "crt": ("nvidia-cuda-crt", "13.0.88"), "nvvm": ("nvidia-nvvm", "13.0.88"),
               "cccl": ("nvidia-cuda-cccl", "13.0.85"), "nvrtc": ("nvidia-cuda-nvrtc", "13.0.88"),
               "nvjitlink": ("nvidia-nvjitlink", "13.0.88"), "nvml": ("nvidia-nvml-dev", "13.0.87"),
               "nvtx": ("nvidia-nvtx", "13.0.85"), "profiler": ("nvidia-cuda-profiler-api", "13.0.85"),
               "culibos": ("nvidia-cuda-culibos", "13.0.85"), "cublas": ("nvidia-cublas", "13.1.0.3")},
    "13.5.0": {"cudart": ("nvidia-cuda-runtime", "13.5.37"), "nvcc": ("nvidia-cuda-nvcc", "13.5.37"),
               "crt": ("nvidia-cuda-crt", "13.5.37"), "nvvm": ("nvidia-nvvm", "13.5.37"),
               "cccl": ("nvidia-cuda-cccl", "13.3.5.0.6"), "nvrtc": ("nvidia-cuda-nvrtc", "13.5.37"),
               "nvjitlink": ("nvidia-nvjitlink", "13.5.37"), "nvml": ("nvidia-nvml-dev", "13.5.37"),
               "nvtx": ("nvidia-nvtx", "13.5.25"), "profiler": ("nvidia-cuda-profiler-api", "13.5.25"),
               "culibos": ("nvidia-cuda-culibos", "13.5.25"), "cuobjdump": ("nvidia-cuda-cuobjdump", "13.5.37"),
               "nvdisasm": ("nvidia-cuda-nvdisasm", "13.5.37"), "cublas": ("nvidia-cublas", "13.10.0.20")},
    "12.8.1": {"cudart": ("nvidia-cuda-runtime-cu12", "12.8.90"), "nvcc": ("nvidia-cuda-nvcc-cu12", "12.8.93"),
               "cccl": ("nvidia-cuda-cccl-cu12", "12.8.90"), "nvrtc": ("nvidia-cuda-nvrtc-cu12", "12.8.93"),
               "nvjitlink": ("nvidia-nvjitlink-cu12", "12.8.93"), "cublas": ("nvidia-cublas-cu12", "12.8.4.1")},
    "13.6.0rc1": {"cudart": ("nvidia-cuda-runtime", "13.6.10"), "nvrtc": ("nvidia-cuda-nvrtc", "13.6.10"),
                  "nvjitlink": ("nvidia-nvjitlink", "13.6.10")},
}
# extra -> other extras pulled in, where the real metapackage says so (from 13.2 on nvcc names what it needs).
NEEDS = {"13.5.0": {"nvcc": NVCC_NEEDS, "cublas": ["cublas", "nvrtc"]}}


class Wheel:
    def __init__(self, path, package, version, metadata, yanked=None):
        self.path, self.package, self.version, self.metadata, self.yanked = path, package, version, metadata, yanked

    @property
    def filename(self):
        return self.path.name

    @property
    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def size(self):
        return self.path.stat().st_size


# -- contents ------------------------------------------------------------------------------------------------
@functools.lru_cache(maxsize=None)
def shared_library(soname, text):
    """A tiny real shared library. `text`: C source of what it exports."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "a.c"), pathlib.Path(folder, "a.so")
        source.write_text(text)
        subprocess.run(["gcc", "-shared", "-fPIC", "-nostdlib", "-O1", "-Wl,--build-id=none", f"-Wl,-soname,{soname}",
                        "-o", str(out), str(source)], check=True)
        return out.read_bytes()


@functools.lru_cache(maxsize=None)
def static_library(text):
    with tempfile.TemporaryDirectory() as folder:
        source, object_, out = (pathlib.Path(folder, name) for name in ("a.c", "a.o", "a.a"))
        source.write_text(text)
        subprocess.run(["gcc", "-c", "-fPIC", "-O1", "-o", str(object_), str(source)], check=True)
        subprocess.run(["ar", "rcsD", str(out), str(object_)], check=True)
        return out.read_bytes()


def noise(size, seed):
    """Bytes that do not compress: a download that takes its time."""
    return random.Random(seed).randbytes(size)


def number(version):
    """13.0.2 -> 13000, as CUDA_VERSION and cudaRuntimeGetVersion say it."""
    major, minor = version.split(".")[:2]
    return int(major) * 1000 + int("".join(filter(str.isdigit, minor))) * 10


NVCC = """#!/bin/sh
# A stand-in for nvcc: names its release, and writes a program that names it too.
release={release} version={version}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
out=a.out
while [ $# -gt 0 ]; do
  case $1 in
    --version|-V)
      printf 'nvcc: NVIDIA (R) Cuda compiler driver\\nCuda compilation tools, release %s, V%s\\n' "$release" "$version"
      exit 0 ;;
    --where) printf '%s\\n' "$here"; exit 0 ;;
    --exit) exit "$2" ;;
    -o) out=$2; shift ;;
  esac
  shift
done
[ -d "$here/../include/crt" ] || {{ echo "nvcc: no crt headers beside me" >&2; exit 1; }}
[ -x "$here/../nvvm/bin/cicc" ] || {{ echo "nvcc: no cicc beside me" >&2; exit 1; }}
printf '#!/bin/sh\\necho compiled by %s\\n' "$release" >"$out" && chmod +x "$out"
"""


def tool(name, release):
    return f"#!/bin/sh\necho {name} {release} \"$@\"\n".encode()


def cuda_h(version):
    return (f"#ifndef __cuda_cuda_h__\n#define __cuda_cuda_h__\n#define CUDA_VERSION {number(version)}\n"
            "#define CUDAAPI\ntypedef enum cudaError_enum { CUDA_SUCCESS = 0 } CUresult;\ntypedef int CUdevice;\n"
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
            "CUresult CUDAAPI cuInit(unsigned int Flags);\nCUresult CUDAAPI cuDriverGetVersion(int *driverVersion);\n"
            "CUresult CUDAAPI cuDeviceGetCount(int *count);\n#ifdef __cplusplus\n}\n#endif\n#endif\n").encode()


def nvml_h():
    return (b"#ifndef __nvml_nvml_h__\n#define __nvml_nvml_h__\n#define DECLDIR\ntypedef int nvmlReturn_t;\n"
            b"#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
            b"nvmlReturn_t DECLDIR nvmlInit_v2(void);\nnvmlReturn_t DECLDIR nvmlShutdown(void);\n"
            b"#ifdef __cplusplus\n}\n#endif\n#endif\n")


def contents(toolkit, extra):
    """path inside the component's folder -> (bytes, executable)"""
    version = RELEASES[toolkit][extra][1]
    major = int(toolkit.split(".")[0])
    release = ".".join(toolkit.split(".")[:2])
    runtime = f"int cudaRuntimeGetVersion(int *v) {{ *v = {number(toolkit)}; return 0; }}\n"
    files = {
        "cudart": {
            "include/cuda.h": cuda_h(toolkit),
            "include/cuda_runtime_api.h": f"#define CUDART_VERSION {number(toolkit)}\n"
                                          "#ifdef __cplusplus\nextern \"C\"\n#endif\n"
                                          "int cudaRuntimeGetVersion(int *runtimeVersion);\n".encode(),
            "include/cuda_runtime.h": b"#include \"cuda_runtime_api.h\"\n",
            f"lib/libcudart.so.{major}": shared_library(f"libcudart.so.{major}", runtime)},
        "nvrtc": {"include/nvrtc.h": b"int nvrtcVersion(int *major, int *minor);\n",
                  f"lib/libnvrtc.so.{major}": shared_library(
                      f"libnvrtc.so.{major}", "int nvrtcVersion(int *a, int *b) { *a = %s; *b = %s; return 0; }\n"
                      % tuple("".join(filter(str.isdigit, part)) for part in toolkit.split(".")[:2])),
                  f"lib/libnvrtc-builtins.so.{release}": shared_library(f"libnvrtc-builtins.so.{release}", "int b;\n")},
        "nvjitlink": {f"lib/libnvJitLink.so.{major}": shared_library(f"libnvJitLink.so.{major}", "int nvJitLinkVersion;\n")},
        "cccl": {"include/cccl/cuda/std/version": b"// cccl of ours\n"},
        "cublas": {"include/cublas_v2.h": b"// cublas of ours\n",
                   f"lib/libcublas.so.{major}": shared_library(f"libcublas.so.{major}", "int cublasGetVersion;\n"),
                   f"lib/libcublasLt.so.{major}": shared_library(f"libcublasLt.so.{major}", "int cublasLtGetVersion;\n")},
        "crt": {"include/crt/host_config.h": b"#if defined(__GNUC__) && __GNUC__ > 15\n#error too new\n#endif\n"},
        "nvvm": {"nvvm/bin/cicc": (tool("cicc", release), True), "nvvm/libdevice/libdevice.10.bc": noise(3 << 20, version),
                 "lib/libnvvm.so.4": shared_library("libnvvm.so.4", "int nvvmVersion;\n"), "include/nvvm.h": b"// nvvm\n"},
        "nvml": {"include/nvml.h": nvml_h()},
        "nvtx": {"include/nvtx3/nvToolsExt.h": b"// nvtx\n"},
        "profiler": {"include/cuda_profiler_api.h": b"// profiler\n"},
        "culibos": {"lib/libculibos.a": static_library("int culibos;\n")},
        "cuobjdump": {"bin/cuobjdump": (tool("cuobjdump", release), True)},
        "nvdisasm": {"bin/nvdisasm": (tool("nvdisasm", release), True)},
        "nvcc": {"bin/ptxas": (tool("ptxas", release), True)},
    }[extra]
    if extra == "nvcc" and major >= 13:
        files.update({"bin/nvcc": (NVCC.format(release=release, version=version).encode(), True),
                      "bin/nvcc.profile": b"TOP = $(_HERE_)/..\n", "bin/fatbinary": (tool("fatbinary", release), True),
                      "bin/crt/link.stub": b"// link\n", "include/fatbinary_section.h": b"// fatbinary\n"})
    if extra == "nvcc" and major < 13:
        files["nvvm/bin/cicc"] = (tool("cicc", release), True)
    if extra == "cudart" and major >= 13:
        files["lib/libcudart_static.a"] = static_library(runtime)
        files["lib/libcudadevrt.a"] = static_library("int cudadevrt;\n")
    return {path: value if isinstance(value, tuple) else (value, False) for path, value in files.items()}


def folder_of(toolkit, extra):
    """Where the wheel puts the component: nvidia/cu13, or one folder a component before 13."""
    if int(toolkit.split(".")[0]) >= 13:
        return "nvidia/cu13"
    return "nvidia/" + {"cudart": "cuda_runtime", "nvcc": "cuda_nvcc", "nvrtc": "cuda_nvrtc", "cccl": "cuda_cccl"}.get(
        extra, extra)


# -- wheels ---------------------------------------------------------------------------------------------------
def write_wheel(folder, package, version, files, metadata="", tag=TAG, raw=()):
    """A wheel with METADATA, WHEEL and a true RECORD. files: path -> (bytes, executable).

    raw: (ZipInfo, bytes) pairs written as they are, for hostile archives.
    """
    stem = package.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    path = pathlib.Path(folder) / f"{stem}-{version}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"Metadata-Version: 2.4\nName: {package}\nVersion: {version}\nRequires-Python: >=3\n{metadata}"
    every = dict(files)
    every[f"{info}/METADATA"] = (text.encode(), False)
    every[f"{info}/WHEEL"] = (f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(), False)
    if files:
        every[f"{info}/licenses/License.txt"] = (b"The licence of a miniature.\n", False)
    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},"
                     f"{len(data)}\n" for name, (data, _) in every.items())
    every[f"{info}/RECORD"] = (f"{record}{info}/RECORD,,\n".encode(), False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, executable) in every.items():
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o100744 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
        for entry, data in raw:
            archive.writestr(entry, data)
    return Wheel(path, package, version, text)


def component_wheel(folder, toolkit, extra):
    package, version = RELEASES[toolkit][extra]
    inside = folder_of(toolkit, extra)
    files = {f"{inside}/{path}": value for path, value in contents(toolkit, extra).items()}
    if not inside.endswith("cu13"):
        files["nvidia/__init__.py"] = files[f"{inside}/__init__.py"] = (b"", False)
    return write_wheel(folder, package, version, files)


def metapackage(folder, toolkit):
    """cuda-toolkit itself: an extra a component, pins as `==X.*`."""
    lines = []
    packages = RELEASES[toolkit]
    for extra in sorted(packages):
        lines.append(f"Provides-Extra: {extra}")
        for needed in NEEDS.get(toolkit, {}).get(extra, [extra]):
            package, version = packages[needed]
            lines.append(f"Requires-Dist: {package}=={version}.*; {LINUX} and extra == '{extra}'")
    return write_wheel(folder, "cuda-toolkit", toolkit, {}, "\n".join(lines) + "\n", tag="py2.py3-none-any")


def build(folder, releases=tuple(RELEASES)):
    """Every wheel of the given releases, once."""
    made = {}
    for toolkit in releases:
        made[("cuda-toolkit", toolkit)] = metapackage(folder, toolkit)
        for extra, (package, version) in RELEASES[toolkit].items():
            made[(package, version)] = component_wheel(folder, toolkit, extra)
    return list(made.values())


# -- the index ------------------------------------------------------------------------------------------------
def write_index(site, wheels, sizes=True, hashes=True, metadata_files=True):
    """simple/<package>/index.html (PEP 503) and index.json (PEP 691) beside files/<wheel> (links)."""
    site = pathlib.Path(site)
    (site / "files").mkdir(parents=True, exist_ok=True)
    by_package = {}
    for wheel in wheels:
        by_package.setdefault(wheel.package, []).append(wheel)
        target = site / "files" / wheel.filename
        target.unlink(missing_ok=True)
        target.write_bytes(wheel.path.read_bytes())
        if metadata_files:
            target.with_name(wheel.filename + ".metadata").write_text(wheel.metadata)
    for package, group in by_package.items():
        page = site / "simple" / package
        page.mkdir(parents=True, exist_ok=True)
        rows, files = [], []
        for wheel in group:
            digest = hashlib.sha256(wheel.metadata.encode()).hexdigest()
            url = f"../../files/{wheel.filename}"
            attributes = f' data-core-metadata="sha256={digest}"' if metadata_files else ""
            if wheel.yanked is not None:
                attributes += f' data-yanked="{html.escape(wheel.yanked)}"'
            fragment = f"#sha256={wheel.sha256}" if hashes else ""
            rows.append(f'<a href="{url}{fragment}" data-requires-python="&gt;=3"{attributes}>{wheel.filename}</a><br/>')
            file = {"filename": wheel.filename, "url": url, "hashes": {"sha256": wheel.sha256} if hashes else {},
                    "yanked": wheel.yanked if wheel.yanked is not None else False}
            if sizes:
                file["size"] = wheel.size
            if metadata_files:
                file["core-metadata"] = {"sha256": digest}
            files.append(file)
        (page / "index.html").write_text(
            f"<!DOCTYPE html>\n<html><head><title>Links for {package}</title></head><body>\n" + "\n".join(rows) +
            "\n</body></html>\n")
        (page / "index.json").write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": package,
                                                     "versions": sorted({wheel.version for wheel in group}),
                                                     "files": files}))
    return site
