"""What every command prints, word for word: tests/golden/NAME.cmd with NAME.out and NAME.err beside it.

A .cmd file is a POSIX shell script run in a sealed home. Comment lines in front set the scene:

    # state: empty       nothing is installed (the default); the home is the case's own
    # state: two         13.0.2 and 13.5.0 (miniatures) are installed; shared by all such cases, which only read
    # state: own         the same, in a home of its own that the case may change
    # status: 4          the expected exit status (default 0)
    # needs: no-gpu      skipped on a machine with an NVIDIA driver, which would answer for itself

Paths, sizes, times, hashes, process numbers and ports are replaced by names before the comparison.
CUDAENV_GOLDEN_ACCEPT=1 writes what was printed instead of comparing it, and reports the case as skipped.
"""

import os
import pathlib
import re
import tempfile
import unittest

import mini
from mirror import Mirror
from sealed import TESTS, SealedHome, SealedTest, remove_tree, toolkit_tree

GOLDEN = TESTS / "golden"
ACCEPT = bool(os.environ.get("CUDAENV_GOLDEN_ACCEPT"))
made = mirror = two = None


def setUpModule():
    global made, mirror, two
    made = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-mini-"))
    made.chmod(0o755)
    mini.write_index(made / "site", mini.build(made / "wheels"))
    mirror = Mirror(made / "site")
    mirror.start()
    two = install_two(SealedHome("golden"))


def tearDownModule():
    mirror.__exit__()
    two.remove()
    remove_tree(made)


def install_two(home):
    home.use_wheels(mirror.simple)
    ran = home.cudaenv("install", "13.0.2", "13.5.0", "--no-verify")
    if ran.status:
        raise AssertionError(str(ran))
    return home


def normalised(text, home):
    for path, name in ((home.root, "ROOT"), (home.cache, "CACHE"), (home.config, "CONFIG"), (home.cwd, "HERE"),
                       (home.work, "WORK"), (home.home, "HOME"), (home.folder, "FOLDER"), (home.prefix, "PREFIX"),
                       (mirror.url, "MIRROR/")):
        text = text.replace(str(path), f"<{name}>")
    for pattern, name in ((r"\b[0-9a-f]{64}\b", "<sha256>"), (r"\b[0-9a-f]{12,40}\b", "<id>"),
                          (r'("(?:bytes|size|download_bytes|files)":\s*)\d+', r"\1<number>"),
                          (r"\b\d+(?:\.\d+)? (?:[kMG]i?)?B\b", "<size>"), (r"\b\d+ bytes\b", "<size>"),
                          (r"\b\d+ files\b", "<count> files"), (r'("elapsed_ms":\s*)[\d.]+', r"\1<number>"),
                          (r"\b\d+(?:\.\d+)? (?:ms|s)\b", "<time>"), (r"\bprocess \d+", "process <pid>"),
                          (r"\bcudaenv \d+\.\d+\.\d+\b", "cudaenv <version>")):
        text = re.sub(pattern, name, text)
    # Columns are as wide as their widest cell, which may be a size or a path of this machine.
    return "".join(re.sub(r"  +", "  ", line) for line in text.splitlines(keepends=True))


class GoldenTest(SealedTest):
    maxDiff = None

    def check(self, path, got):
        if ACCEPT:
            path.write_text(got)
            return
        self.assertTrue(path.exists(), f"{path.name} is not there: CUDAENV_GOLDEN_ACCEPT=1 writes it")
        self.assertEqual(path.read_text(), got, f"{path.name} says otherwise; if the new text is right: CUDAENV_GOLDEN_ACCEPT=1")

    def case(self, command):
        text = command.read_text()
        state = (re.findall(r"^# state: (\w+)$", text, re.M) or ["empty"])[0]
        status = int((re.findall(r"^# status: (\d+)$", text, re.M) or ["0"])[0])
        if "# needs: no-gpu\n" in text and os.path.exists("/dev/nvidiactl"):
            self.skipTest("an NVIDIA driver is here")
        home = two if state == "two" else self.home
        if state == "own":
            install_two(home)
        elif state == "empty":
            home.use_wheels(mirror.simple)
        ran = home.run("/bin/sh", "-c", text)
        self.assertEqual(ran.status, status, str(ran))
        self.check(command.with_suffix(".out"), normalised(ran.out, home))
        self.check(command.with_suffix(".err"), normalised(ran.err, home))
        if ACCEPT:
            self.skipTest("accepted what was printed")

    def test_every_command_has_a_case(self):
        overview = self.home.cudaenv("--help").out
        names = re.findall(r"^  (\S+?),? ", overview, re.M)
        self.assertGreater(len(names), 5)
        for name in names:
            with self.subTest(name):
                self.assertTrue([path for path in GOLDEN.glob("*.cmd") if re.search(rf"\bcudaenv {name}\b", path.read_text())],
                                f"no tests/golden/*.cmd runs `cudaenv {name}`")

    def test_tree_of_an_installed_toolkit(self):
        # Sizes of what this machine's gcc and ar made are left out, as is the random part of nothing.
        lines = [re.sub(r"^(lib/.*) \d+$", r"\1", line) for line in toolkit_tree(two.root / "names/13.0.2")]
        self.check(GOLDEN / "toolkit-tree.txt", "\n".join(lines) + "\n")
        if ACCEPT:
            self.skipTest("accepted what was installed")


def add_cases():
    for command in sorted(GOLDEN.glob("*.cmd")):
        def run_case(self, command=command):
            self.case(command)
        setattr(GoldenTest, "test_" + command.stem.replace("-", "_"), run_case)


add_cases()
if __name__ == "__main__":
    unittest.main()
