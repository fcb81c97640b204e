#!/usr/bin/env python3
"""Random graphs of small libraries, and what the real dynamic linker makes of them beside `cudaenv ldd`.

    tests/stage/graphs.py [--build DIR] [--count 300] [--seed 1] [--keep]
    tests/stage/graphs.py [--build DIR] --folder /usr/bin    the same for every program of a folder

A graph is a program and a few libraries that need each other, laid out in folders so that every rule of the search gets
its turn: RPATH with inheritance, RUNPATH, $ORIGIN, $LIB, $PLATFORM, LD_LIBRARY_PATH with empty and relative elements,
glibc-hwcaps, names with a slash, libraries that are there already by SONAME or by file, files of another class, LD_PRELOAD.
The program is never run: the linker lists what it would load (LD_TRACE_LOADED_OBJECTS)."""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

LINKER = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}[os.uname().machine]
TRACED = re.compile(r"^\t(?:(?P<name>\S+) => )?(?P<path>not found|\S+)(?: \(0x[0-9a-f]+\))?$")


def tool(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


class Graph:
    """One graph below `folder`; `chance` decides everything."""

    def __init__(self, folder, chance):
        self.folder, self.chance = folder, chance
        self.folders = [folder / f"d{i}" for i in range(chance.randint(2, 5))]
        for one in (*self.folders, folder / "link", folder / "cwd"):
            one.mkdir(parents=True)
        self.object = folder / "empty.o"
        tool("as", "-o", self.object, "/dev/null")
        self.names = [f"libg{i}.so.1" for i in range(chance.randint(3, 7))]
        self.needs = {name: chance.sample(self.names[i + 1:], min(len(self.names) - i - 1, chance.randint(0, 3)))
                      for i, name in enumerate(self.names)}
        if chance.random() < 0.3:  # a cycle
            self.needs[self.names[-1]].append(self.names[0])

    def place(self):
        """A folder as an element of a path, in one of its spellings."""
        chance, folder = self.chance, self.chance.choice(self.folders)
        return chance.choice([str(folder), str(folder), f"{folder}/", f"$ORIGIN/../{folder.name}", f"${{ORIGIN}}/../{folder.name}",
                              "$ORIGIN", f"{folder}/../{folder.name}", f"../{folder.name}", "", str(self.folder / "nowhere"),
                              f"{folder}/$LIB", f"{folder}/$PLATFORM"])

    def rpath(self):
        if self.chance.random() < 0.4:
            return []
        kind = self.chance.choice(["--disable-new-dtags", "--enable-new-dtags"])
        return [kind, "-rpath", ":".join(self.place() for _ in range(self.chance.randint(1, 3)))]

    def stub(self, name):
        """Something to link against that records `name` as needed."""
        path = self.folder / "link" / name.replace("/", "_")
        if not path.exists():
            tool("ld", "-shared", "-soname", name, "-o", path, self.object)
        return path

    def link(self, name, to, kind=()):
        needs = [self.stub(one) for one in self.needs.get(name, [])]
        tool("ld", "-shared", "--no-as-needed", "-soname", name, *self.rpath(), "-o", to, self.object, *kind, *needs)

    def spoil(self, path):
        data = bytearray(path.read_bytes())
        if self.chance.random() < 0.5:
            data[4] = 1  # ELFCLASS32
        else:
            data[18] = 0xf3  # RISC-V
        path.write_bytes(data)

    def copy_of(self, name, folder):
        below = self.chance.choice([""] * 6 + ["glibc-hwcaps/x86-64-v2", "glibc-hwcaps/x86-64-v4", os.uname().machine, "tls"])
        target = folder / below / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            return
        made = [one for one in self.made if one.name == name]
        roll = self.chance.random()
        if made and roll < 0.2:
            target.symlink_to(os.path.relpath(self.chance.choice(made), target.parent))
        elif made and roll < 0.3:
            os.link(self.chance.choice(made), target)
        else:
            self.link(name, target)
            if self.chance.random() < 0.12:
                return self.spoil(target)
            self.made.append(target)

    def build(self):
        chance = self.chance
        self.made = []
        for name in self.names:
            for folder in chance.sample(self.folders, chance.choice([0] + [1] * 4 + [2] * 3 + [len(self.folders)]) % (len(self.folders) + 1)):
                self.copy_of(name, folder)
        wanted = chance.sample(self.names, chance.randint(1, len(self.names)))
        slashed = []
        if self.made and chance.random() < 0.3:
            slashed = [chance.choice([str(chance.choice(self.made)), "../" + str(chance.choice(self.made).relative_to(self.folder)),
                                      "$ORIGIN/../" + str(chance.choice(self.made).relative_to(self.folder))])]
        self.program = chance.choice(self.folders) / "program"
        tool("ld", "-pie", "--no-as-needed", "-dynamic-linker", LINKER, *self.rpath(), "-e", "0", "-o", self.program, self.object,
             *(self.stub(one) for one in chance.sample(slashed + wanted, len(slashed + wanted))))

    def environment(self):
        chance, env = self.chance, {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        if chance.random() < 0.6:
            separator = chance.choice([":", ":", ";"])
            env["LD_LIBRARY_PATH"] = separator.join(self.place() for _ in range(chance.randint(1, 4)))
        if self.made and chance.random() < 0.2:
            env["LD_PRELOAD"] = chance.choice([chance.choice(self.names), str(chance.choice(self.made))])
        return env

    def working_folder(self):
        return self.chance.choice([self.folder / "cwd", *self.folders])


def real(program, env, folder):
    """({(name, path or None)}, error) by the dynamic linker itself."""
    ran = subprocess.run([str(program)], env={**env, "LD_TRACE_LOADED_OBJECTS": "1"}, cwd=folder, capture_output=True, text=True)
    found = set()
    for line in ran.stdout.splitlines():
        match = TRACED.match(line)
        if not match or "linux-vdso" in line or line.endswith("statically linked"):
            continue
        path = match["path"]
        if path != LINKER:
            found.add((match["name"] or path, None if path == "not found" else path))
    # What cannot be preloaded is ignored, and the linker goes on.
    errors = [line for line in ran.stderr.splitlines() if "cannot be preloaded" not in line]
    return found, "\n".join(errors)


def ours(cudaenv, program, env, folder):
    """The same by `cudaenv ldd`. The linker lists each file once, by its first name."""
    words = [f"--library-path={env['LD_LIBRARY_PATH']}"] if env.get("LD_LIBRARY_PATH") else []
    words += [f"--preload={env['LD_PRELOAD']}"] if "LD_PRELOAD" in env else []  # in the environment it would load into cudaenv
    clean = {k: v for k, v in env.items() if not k.startswith("LD_")}
    ran = subprocess.run([str(cudaenv), "ldd", str(program), "--json", *words], env={**clean, "CUDAENV_ROOT": str(folder / "root")},
                         cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        return set(), ran.stdout + ran.stderr
    answer = json.loads(ran.stdout)
    found, files = set(), set()
    for one in answer["libraries"]:
        path = one["path"] or None
        file = os.path.realpath(folder / path) if path else None
        if one["rule"] == "already-loaded" or file in files or (not path and one["needed_by"] == "LD_PRELOAD"):
            continue
        files.update([file] if file else [])
        found.add((path if path and "/" in one["soname"] else one["soname"], path))
    return found, " ".join(one["detail"] for one in answer["problems"] if one["kind"] == "damaged")


def difference(cudaenv, program, env, folder):
    """None where both agree, else what differs, in words."""
    wanted, error = real(program, env, folder)
    got, damaged = ours(cudaenv, program, env, folder)
    if error:  # the linker stopped half-way
        return None if damaged else f"the linker says {error!r}, cudaenv sees nothing wrong"
    if wanted == got:
        return None
    rows = [f"  linker alone: {one}" for one in wanted - got] + [f"  cudaenv alone: {one}" for one in got - wanted]
    return "\n".join([f"{program} in {folder} with { {k: v for k, v in env.items() if k.startswith('LD_')} }", *rows])


def check_graphs(cudaenv, count, seed, keep=False):
    """How many graphs were compared, how many libraries they resolved, and the differences."""
    differences, libraries = [], 0
    for number in range(count):
        place = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-graph-"))
        try:
            graph = Graph(place, random.Random(f"{seed}-{number}"))
            graph.build()
            for _ in range(2):
                env, folder = graph.environment(), graph.working_folder()
                libraries += len(real(graph.program, env, folder)[0])
                wrong = difference(cudaenv, graph.program, env, folder)
                if wrong:
                    differences.append(f"graph {seed}-{number}: {wrong}")
        finally:
            if not (keep and differences):
                shutil.rmtree(place)
    return libraries, differences


def check_folder(cudaenv, folder):
    """How many programs of `folder` were compared, and the differences. Set-user-ID ones are left out: the linker then plays
    by other rules."""
    differences, programs, nowhere = [], 0, pathlib.Path("/")
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or not os.access(path, os.R_OK | os.X_OK) or path.stat().st_mode & 0o6000:
            continue
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        programs += 1
        wrong = difference(cudaenv, path, {"PATH": "/usr/bin:/bin"}, nowhere)
        if wrong:
            differences.append(wrong)
    return programs, differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "build/release")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the folder of a graph that differs")
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    if options.folder:
        programs, differences = check_folder((options.build / "bin/cudaenv").resolve(), options.folder)
        print(*differences[:20], f"{programs} programs, {len(differences)} differences", sep="\n")
        return 1 if differences else 0
    libraries, differences = check_graphs((options.build / "bin/cudaenv").resolve(), options.count, options.seed, options.keep)
    for one in differences[:20]:
        print(one)
    print(f"{options.count} graphs, {libraries} libraries, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
