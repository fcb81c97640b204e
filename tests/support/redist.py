"""A redistributable mirror made out of wheels: redistrib_<version>.json in NVIDIA's own schema and .tar.xz archives.

    redist.write_mirror(folder, "13.0.2", wheel_paths)

As on NVIDIA's server: sizes are strings, string keys (license_path, version) stand beside the platforms, an
archive unpacks to <name>-linux-x86_64-<version>-archive/{bin,lib,include,...}, shared libraries have their
unversioned development links, and modes are 755 and 644. What a wheel holds and an archive holds is the same
bytes, so an install from either must end in the same tree.
"""

import concurrent.futures
import hashlib
import io
import json
import lzma
import os
import pathlib
import re
import tarfile
import zipfile

# wheel package (without -cuNN) -> the redistributable's name and its title
NAMES = {
    "cuda-runtime": ("cuda_cudart", "CUDA Runtime (cudart)"), "cuda-nvcc": ("cuda_nvcc", "CUDA NVCC"),
    "cuda-crt": ("cuda_crt", "CUDA CRT"), "nvvm": ("libnvvm", "CUDA NVVM"), "cuda-cccl": ("cuda_cccl", "CXX Core Compute Libraries"),
    "cuda-nvrtc": ("cuda_nvrtc", "CUDA NVRTC"), "nvjitlink": ("libnvjitlink", "CUDA nvJitLink"),
    "nvml-dev": ("cuda_nvml_dev", "CUDA NVML Headers"), "nvtx": ("cuda_nvtx", "CUDA NVTX"),
    "cuda-profiler-api": ("cuda_profiler_api", "CUDA Profiler API"), "cuda-culibos": ("cuda_culibos", "CUDA culibos"),
    "cuda-cuobjdump": ("cuda_cuobjdump", "cuobjdump"), "cuda-nvdisasm": ("cuda_nvdisasm", "CUDA nvdisasm"),
    "cuda-cuxxfilt": ("cuda_cuxxfilt", "CUDA cuxxfilt (demangler)"), "nvptxcompiler": ("libnvptxcompiler", "CUDA NVPTX compiler"),
    "nvfatbin": ("libnvfatbin", "NVIDIA compiler library for fatbin interaction"), "cublas": ("libcublas", "CUDA cuBLAS"),
    "cuda-cupti": ("cuda_cupti", "CUPTI"), "cuda-sanitizer-api": ("cuda_sanitizer_api", "CUDA Compute Sanitizer API"),
}
PLATFORM = "linux-x86_64"


def component_of(wheel):
    """(redistributable name, title, version) of a wheel file, or None where it is no component."""
    package, version = pathlib.Path(wheel).name.split("-")[:2]
    bare = re.sub(r"-cu\d+$", "", package.replace("_", "-")).removeprefix("nvidia-")
    return (*NAMES[bare], version) if bare in NAMES else None


def members(wheel):
    """path in the archive -> (bytes, mode), from one wheel: package folders off, metadata out, licence kept."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            parts = entry.filename.split("/")
            data = archive.read(entry)
            if entry.filename.endswith("/") or parts[-1] == "__init__.py":
                continue
            if ".dist-info" in parts[0]:
                if re.match(r"licen[cs]e", parts[-1], re.I):
                    found["LICENSE"] = (data, 0o644)
                continue
            executable = (entry.external_attr >> 16) & 0o111
            found["/".join(parts[2:])] = (data, 0o755 if executable else 0o644)
    return found


def development_links(paths):
    """lib/libx.so -> libx.so.13 for every shared library that has no unversioned name yet."""
    links = {}
    for path in sorted(paths):
        match = re.fullmatch(r"((?:.*/)?lib[^/]*/(lib[^/]+?\.so))(\.[0-9.]+)", path)
        if match and match.group(1) not in paths:
            links[match.group(1)] = path.rsplit("/", 1)[-1]
    return links


def write_archive(target, top, files, links, preset=0):
    """A .tar.xz below the folder `top`, entries in order, owner root, fixed times."""
    with lzma.open(target, "wb", preset=preset) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        folders = sorted({str(parent) for path in [*files, *links] for parent in pathlib.PurePosixPath(path).parents})
        for folder in folders:
            entry = tarfile.TarInfo(top if folder == "." else f"{top}/{folder}")
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, 1735689600
            archive.addfile(entry)
        for path, (data, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{top}/{path}")
            entry.size, entry.mode, entry.mtime = len(data), mode, 1735689600
            archive.addfile(entry, io.BytesIO(data))
        for path, goal in sorted(links.items()):
            entry = tarfile.TarInfo(f"{top}/{path}")
            entry.type, entry.linkname, entry.mode, entry.mtime = tarfile.SYMTYPE, goal, 0o777, 1735689600
            archive.addfile(entry)


def describe(path, base):
    data = path.read_bytes()
    return {"relative_path": str(path.relative_to(base)), "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data).hexdigest(), "size": str(len(data))}


def write_mirror(folder, version, wheels, preset=0):
    """Writes archives and redistrib_<version>.json below `folder`; returns the manifest's path."""
    folder = pathlib.Path(folder)
    manifest = {"release_date": "2025-10-09", "release_label": version, "release_product": "cuda"}

    def add(wheel):
        name, title, own = component_of(wheel)
        top = f"{name}-{PLATFORM}-{own}-archive"
        target = folder / name / PLATFORM / f"{top}.tar.xz"
        target.parent.mkdir(parents=True, exist_ok=True)
        files = members(wheel)
        write_archive(target, top, files, development_links(files), preset)
        (folder / name / "LICENSE.txt").write_bytes(files.get("LICENSE", (b"", 0))[0])
        return name, {"name": title, "license": "CUDA Toolkit", "license_path": f"{name}/LICENSE.txt", "version": own,
                      PLATFORM: describe(target, folder)}

    known = [wheel for wheel in sorted(map(str, wheels)) if component_of(wheel)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # lzma lets go of the interpreter
        manifest.update(pool.map(add, known))
    path = folder / f"redistrib_{version}.json"
    path.write_text(json.dumps(manifest, indent=4))
    return path
