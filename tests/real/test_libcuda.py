"""NVIDIA's real libcuda of three driver branches on a machine without a GPU: the facts are read, nothing is launched.

The libraries are Debian's packages, fetched by apt into a folder of its own and removed again.
"""

import json
import os
import pathlib
import shutil
import tempfile
import unittest

import debian
from sealed import SealedHome, build_dir, remove_tree

CUDA = {"535": "12.2", "550": "12.4", "555": "12.5"}
home = folder = None
drivers = []


def setUpModule():
    global home, folder, drivers
    if os.environ.get("CUDAENV_TEST_OFFLINE"):
        raise unittest.SkipTest("CUDAENV_TEST_OFFLINE is set")
    if os.uname().machine != "x86_64":
        raise unittest.SkipTest("the libraries are for x86_64")
    if pathlib.Path("/dev/nvidiactl").exists():
        raise unittest.SkipTest("there is a GPU here: tests/gpu/run is for that")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-debian-"))
    folder.chmod(0o755)
    unittest.addModuleCleanup(remove_tree, folder)
    try:
        drivers = debian.drivers(folder)
    except debian.Unavailable as error:
        raise unittest.SkipTest(f"Debian's driver libraries cannot be had: {error}") from None
    home = SealedHome("libcuda")
    unittest.addModuleCleanup(home.remove)
    tree = home.folder / "tree"
    shutil.copytree(build_dir() / "tests" / "fake" / "toolkit", tree)
    (tree / "version.json").write_text(json.dumps({"cuda": {"version": "12.2.2"}}))
    home.own(tree, *tree.rglob("*"))
    linked = home.cudaenv("link", tree, "mini")
    if linked.status:
        raise AssertionError(f"link failed\n{linked}")


class RealLibcudaTest(unittest.TestCase):
    def each(self):
        """Every driver, chosen by each of the two ways."""
        for driver in drivers:
            for env in ({"LD_LIBRARY_PATH": driver.libraries}, {"CUDAENV_LIBCUDA": driver.libraries / "libcuda.so.1"}):
                with self.subTest(driver=driver.version, way=next(iter(env))):
                    yield driver, env

    def test_the_three_branches_are_here(self):
        self.assertEqual({driver.version.split(".")[0] for driver in drivers}, set(CUDA))

    def test_driver_reads_version_and_cuda(self):
        for driver, env in self.each():
            ran = home.cudaenv("driver", "--json", env=env)
            self.assertEqual(ran.status, 0, str(ran))
            libcuda = ran.json["libcuda"]
            self.assertEqual(libcuda["cuda"], CUDA[driver.version.split(".")[0]], str(ran))
            self.assertEqual(libcuda["file_version"], driver.version)
            self.assertEqual(libcuda["path"], str((driver.libraries / "libcuda.so.1").resolve()))
            self.assertEqual(ran.json["gpus"], [])

    def test_a_toolkit_is_compile_only(self):
        for _, env in self.each():
            ran = home.cudaenv("verify", "mini", "--json", "--refresh", env=env)
            self.assertEqual((ran.status, ran.json["verdict"]), (0, "compile-only"), str(ran))
            self.assertEqual(ran.json["cause"]["id"], "no-gpu")
            self.assertIn("cuInit answers 100", ran.json["cause"]["what"])
            self.assertTrue(ran.json["cause"]["fix"])


if __name__ == "__main__":
    unittest.main()
