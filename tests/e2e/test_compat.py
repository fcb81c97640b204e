"""Forward compatibility end to end: a compat libcuda out of a channel's driver archive, used only where its proof succeeds."""

import json
import os
import pathlib
import shutil
import tempfile

import redist
from sealed import SealedTest, build_dir, remove_tree

FAKES = build_dir() / "tests" / "fake"
VERSION = "13.0.2"
DRIVER = "580.95.05"


def fake(name, file="libcuda.so.1"):
    return (FAKES / name / file).read_bytes()


def write_channel(folder, compat, archive="nvidia_driver"):
    """A redist channel with a runtime, a compiler, and a driver archive whose libcuda is the fake `compat`."""
    packages = {
        "cuda_cudart": ("CUDA Toolkit", "13.0.96", {"lib/libcudart.so.13": fake("toolkit/lib", "libcudart.so.13")}),
        "cuda_nvrtc": ("CUDA Toolkit", "13.0.88", {"lib/libnvrtc.so.13": fake("toolkit/lib", "libnvrtc.so.13")}),
        archive: ("NVIDIA Driver", DRIVER, {
            f"lib/libcuda.so.{DRIVER}": fake(compat), f"lib/libnvidia-ptxjitcompiler.so.{DRIVER}": b"\x7fELF no more",
            f"lib32/libcuda.so.{DRIVER}": b"\x7fELF\x01 32 bits", f"lib/libGLX_nvidia.so.{DRIVER}": b"\x7fELF",
            "bin/nvidia-smi": b"#!/bin/sh\n", f"lib/libnvidia-ml.so.{DRIVER}": b"\x7fELF", "LICENSE": b"the driver's"}),
    }
    manifest = {"release_date": "2025-10-09", "release_label": VERSION, "release_product": "cuda"}
    for name, (licence, version, files) in packages.items():
        top = f"{name}-{redist.PLATFORM}-{version}-archive"
        target = folder / name / redist.PLATFORM / f"{top}.tar.xz"
        target.parent.mkdir(parents=True, exist_ok=True)
        modes = {"bin/nvidia-smi": 0o4755}  # a setuid file would refuse the archive, were it to be written
        redist.write_archive(target, top, {path: (data, modes.get(path, 0o644)) for path, data in files.items()}, {})
        manifest[name] = {"name": name, "license": licence, "version": version, redist.PLATFORM: redist.describe(target, folder)}
    (folder / f"redistrib_{VERSION}.json").write_text(json.dumps(manifest))


class CompatTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "ok" / "libcuda.so.1").exists():
            self.skipTest("the fake drivers are not built")

    def install(self, compat, *words, archive="nvidia_driver"):
        """Installs the toolkit with that compat library; returns its folder."""
        channel = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-channel-"))
        channel.chmod(0o755)
        self.addCleanup(remove_tree, channel)
        write_channel(channel, compat, archive)
        self.home.use_redist(f"file://{channel}/")
        self.assertWorks(self.home.cudaenv("install", VERSION, "--only", "cudart,nvrtc,compat", "--no-verify", *words))
        return (self.home.root / "names" / VERSION).resolve()

    def system(self, name):
        """The environment of a machine whose driver is the fake `name`."""
        folder = self.home.folder / "system" / name
        if not folder.exists():
            shutil.copytree(FAKES / name, folder)
        return {"LD_LIBRARY_PATH": str(folder)}

    def verify(self, driver, *words):
        return self.home.cudaenv("verify", VERSION, "--json", *words, env=self.system(driver))

    def environment(self, driver, **more):
        return self.assertWorks(self.home.cudaenv("env", VERSION, "--format", "json", env={**self.system(driver), **more})).json

    def test_only_the_compat_files_of_a_driver_are_installed(self):
        for archive in ("nvidia_driver", "cuda_compat"):
            with self.subTest(archive):
                tree = self.install("ok", archive=archive)
                self.assertEqual(sorted(os.listdir(tree / "compat")), [
                    "libcuda.so.1", f"libcuda.so.{DRIVER}", f"libnvidia-ptxjitcompiler.so.{DRIVER}"])
                self.assertEqual(os.readlink(tree / "compat" / "libcuda.so.1"), f"libcuda.so.{DRIVER}")
                self.assertEqual((tree / "licenses" / "compat" / "LICENSE").read_bytes(), b"the driver's")
                self.assertFalse((tree / "bin").exists())
                self.assertNotIn("libnvidia-ml", " ".join(os.listdir(tree / "lib")))
                stored = [path.name for path in (self.home.root / "store").rglob("*") if path.is_file()]
                self.assertNotIn("nvidia-smi", stored)
                self.assertWorks(self.home.cudaenv("uninstall", VERSION))
                self.assertWorks(self.home.cudaenv("prune"))

    def test_too_old_a_driver_is_proven_with_compat_first(self):
        tree = self.install("ok")
        ran = self.assertWorks(self.verify("old"))
        self.assertEqual(ran.json["verdict"], "proven", str(ran))
        self.assertEqual((ran.json["compat"]["active"], ran.json["compat"]["folder"]), (True, str(tree / "compat")))
        step = next(step for step in ran.json["steps"] if step["name"] == "compat")
        self.assertIn("driver 12.4", step["evidence"])
        self.assertTrue(self.verify("old").json["cached"])
        self.assertTrue(self.verify("old").json["compat"]["active"])
        self.assertIn("compat: ", self.assertWorks(self.home.cudaenv("verify", VERSION, env=self.system("old"))).out)
        diff = self.environment("old")
        self.assertEqual(diff["prepend"]["LD_LIBRARY_PATH"], [str(tree / "compat")])
        self.assertIn("forward compatibility", diff["notes"][0])
        run = self.assertWorks(self.home.cudaenv("run", "+" + VERSION, "--", "sh", "-c", "echo $LD_LIBRARY_PATH", env=self.system("old")))
        self.assertEqual(run.out.strip(), f"{tree}/compat:{self.system('old')['LD_LIBRARY_PATH']}")
        # Inside that environment the driver is the compat one, and says so.
        inside = self.home.cudaenv("run", "+" + VERSION, "--", self.home.bin / "cudaenv", "verify", VERSION, "--json", env=self.system("old"))
        self.assertEqual(self.assertWorks(inside).json["verdict"], "proven")
        self.assertTrue(inside.json["compat"]["active"])
        again = self.assertWorks(self.home.cudaenv("run", "+" + VERSION, "--", self.home.bin / "cudaenv", "env", VERSION, "--format", "json",
                                                   env=self.system("old")))
        self.assertEqual(again.json["prepend"]["LD_LIBRARY_PATH"], [str(tree / "compat")])

    def test_use_and_its_undoing(self):
        tree = self.install("ok")
        script = (f'eval "$(cudaenv init bash)"; cudaenv use {VERSION} 2>&1; echo "now $LD_LIBRARY_PATH"; '
                  'cudaenv use --unset; echo "then $LD_LIBRARY_PATH"')
        ran = self.assertWorks(self.home.run("bash", "-c", script, env=self.system("old")))
        system = self.system("old")["LD_LIBRARY_PATH"]
        self.assertIn(f"now {tree}/compat:{system}\n", ran.out)
        self.assertIn(f"then {system}\n", ran.out)

    def test_ptx_that_is_too_new_is_mended_too(self):
        self.install("ok")
        answer = self.assertWorks(self.verify("ptx-222")).json
        self.assertEqual((answer["verdict"], answer["compat"]["active"]), ("proven", True))

    def test_a_compat_driver_that_refuses_is_not_activated(self):
        for compat, error in (("init-803", 803), ("init-804", 804)):
            with self.subTest(error):
                tree = self.install(compat)
                ran = self.verify("old", "--refresh")
                self.assertEqual((ran.status, ran.json["cause"]["id"]), (8, "driver-too-old"), str(ran))
                self.assertFalse(ran.json["compat"]["active"])
                step = next(step for step in ran.json["steps"] if step["name"] == "compat")
                self.assertEqual(step["status"], "fail")
                self.assertIn(str(tree / "compat"), step["evidence"])
                diff = self.environment("old")
                self.assertEqual(diff["prepend"]["LD_LIBRARY_PATH"], [])
                self.assertIn("forward compatibility is not used", diff["notes"][0])
                self.assertWorks(self.home.cudaenv("uninstall", VERSION))

    def test_a_driver_that_needs_none_gets_none(self):
        self.install("init-803")
        answer = self.assertWorks(self.verify("ok")).json
        self.assertEqual((answer["verdict"], answer["compat"]["active"]), ("proven", False))
        self.assertEqual(self.environment("ok")["prepend"]["LD_LIBRARY_PATH"], [])
        self.assertIn("the driver needs none", self.environment("ok")["notes"][0])

    def test_the_policy_never_is_kept(self):
        self.install("ok")
        with open(self.home.config, "r+") as config:
            text = config.read()
            config.seek(0)
            config.write('library-path = "never"\n' + text)
        diff = self.environment("old")
        self.assertEqual(diff["prepend"]["LD_LIBRARY_PATH"], [])
        self.assertIn("never", " ".join(diff["notes"]))

    def test_a_compat_driver_that_hangs_or_crashes_costs_no_more_than_its_deadline(self):
        for compat in ("hang-init", "segv-init"):
            with self.subTest(compat):
                self.install(compat)
                ran = self.verify("old", "--refresh", "--timeout", "1")
                self.assertEqual((ran.status, ran.json["cause"]["id"], ran.json["compat"]["active"]), (8, "driver-too-old", False))
                self.assertFalse(self.verify("old", "--timeout", "1").json["cached"])  # it may answer the next time
                self.assertWorks(self.home.cudaenv("uninstall", VERSION))

    def test_a_misplaced_compat_folder_is_named_with_what_takes_it_away(self):
        self.install("ok")
        folder = self.home.folder / "image" / "compat"
        shutil.copytree(FAKES / "init-803", folder)
        ran = self.home.cudaenv("verify", VERSION, "--json", env={"LD_LIBRARY_PATH": f"{folder}:/opt/other"})
        self.assertEqual((ran.status, ran.json["cause"]["cuda_error"]), (8, 803))
        self.assertIn(f"LD_LIBRARY_PATH names {folder}", ran.json["cause"]["what"])
        self.assertEqual(ran.json["cause"]["fix"], "`export LD_LIBRARY_PATH=/opt/other`")


if __name__ == "__main__":
    import unittest
    unittest.main()
