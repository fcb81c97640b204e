"""`verify`, `driver` and `health` with the shipped programs, against fake drivers and a fake toolkit."""

import json
import os
import pty
import shutil
import time

from sealed import SealedTest, build_dir, sanitized

FAKES = build_dir() / "tests" / "fake"


class VerifyTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "ok" / "libcuda.so.1").exists():
            self.skipTest("the fake drivers are not built")

    def toolkit(self, name="fake", version="13.0.2", source="toolkit"):
        tree = self.home.folder / f"tree-{name}"
        shutil.copytree(FAKES / source, tree)
        (tree / "version.json").write_text(json.dumps({"cuda": {"version": version}}))
        self.home.own(tree, *(tree.rglob("*")))
        self.assertWorks(self.home.cudaenv("link", tree, name))
        return tree

    def driver(self, name):
        """The path of a fake libcuda where the test user can read it."""
        folder = self.home.folder / "drivers" / name
        if not folder.exists():
            shutil.copytree(FAKES / name, folder)
        return folder / "libcuda.so.1"

    def verify(self, driver, *words, env=None, **options):
        return self.home.cudaenv("verify", *words, env={"CUDAENV_LIBCUDA": self.driver(driver), **(env or {})}, **options)

    def test_proven_then_cached_then_proven_again(self):
        self.toolkit()
        first = self.assertWorks(self.verify("ok", "fake", "--json")).json
        self.assertEqual((first["schema"], first["toolkit"], first["verdict"], first["cached"]), (1, "13.0.2", "proven", False))
        self.assertIsNone(first["cause"])
        self.assertEqual([s["name"] for s in first["steps"]],
                         ["facts", "genuine", "floor", "arch", "sass", "ptx", "cudart"])
        second = self.verify("ok", "fake", "--json").json
        self.assertTrue(second["cached"])
        self.assertEqual(second["steps"], first["steps"])
        if not sanitized():
            # The fastest of ten: a loaded machine may hold up any one of them.
            self.assertLess(min(self.verify("ok", "fake", "--json").json["elapsed_ms"] for _ in range(10)), 5)
        self.assertFalse(self.verify("ok", "fake", "--refresh", "--json").json["cached"])

    def test_another_driver_is_not_answered_from_the_cache(self):
        self.toolkit()
        self.assertEqual(self.verify("ok", "fake", "--json").json["verdict"], "proven")
        self.assertEqual(self.verify("ptx-222", "fake", "--json").json["verdict"], "degraded")
        # The same path with other bytes behind it is another driver too.
        library = self.driver("ok")
        library.unlink()
        shutil.copy(FAKES / "init-803" / "libcuda.so.1", library)
        self.assertEqual(self.verify("ok", "fake", "--json").json["cause"]["cuda_error"], 803)

    def test_exit_status_and_text(self):
        self.toolkit()
        degraded = self.assertWorks(self.verify("ptx-222", "fake"))
        self.assertIn("13.0.2  degraded", degraded.out)
        self.assertIn("fix:", degraded.out)
        refused = self.verify("init-803", "fake")
        self.assertEqual(refused.status, 8, str(refused))
        self.assertIn("why:", refused.out)

    def test_a_passing_failure_is_not_kept(self):
        self.toolkit()
        for _ in range(2):
            self.assertFalse(self.verify("init-802", "fake", "--json").json["cached"])

    def test_a_hung_driver_ends_at_its_deadline(self):
        self.toolkit()
        ran = self.verify("hang-init", "fake", "--timeout", "0.7", "--json")
        self.assertEqual(ran.status, 8, str(ran))
        self.assertEqual(ran.json["cause"]["id"], "driver-hung")
        if not sanitized():
            self.assertLess(ran.seconds, 2.2)
        begin = time.monotonic()
        asked = self.home.cudaenv("driver", "--timeout", "0.7", env={"CUDAENV_LIBCUDA": self.driver("hang-init")})
        self.assertRefuses(asked, 8, "cannot ask the driver", "cuInit")
        self.assertLess(time.monotonic() - begin, 5)

    def test_what_is_selected_here_and_all(self):
        self.toolkit("one")
        self.toolkit("two", "13.5.0")
        nothing = self.verify("ok")
        self.assertRefuses(nothing, 2, "none is selected here")
        self.home.write(".cudaenv", "one\n")
        self.assertEqual(self.verify("ok", "--json").json["toolkit"], "13.0.2")
        every = self.assertWorks(self.verify("ok", "--all", "--json")).json
        self.assertEqual({v["toolkit"]: v["verdict"] for v in every["verdicts"]}, {"13.0.2": "proven", "13.5.0": "proven"})
        self.assertRefuses(self.verify("ok", "99.1"), 5, "99.1")

    def test_a_pretended_driver_says_so_everywhere(self):
        self.toolkit("one")
        self.toolkit("two", "13.5.0")
        env = {"CUDAENV_DRIVER": "13.0", "CUDAENV_GPU": "9.0"}
        full = self.assertWorks(self.home.cudaenv("verify", "one", "--json", env=env)).json
        self.assertEqual((full["pretended"], full["verdict"], full["cause"]), (True, "compile-only", None))
        part = self.assertWorks(self.home.cudaenv("verify", "two", env=env))
        self.assertIn("degraded", part.out)
        self.assertIn("pretended", part.out)
        old = self.home.cudaenv("verify", "one", "--json", env={"CUDAENV_DRIVER": "12.4"})
        self.assertEqual((old.status, old.json["cause"]["id"]), (8, "driver-too-old"))
        facts = self.assertWorks(self.home.cudaenv("driver", "--json", env=env)).json
        self.assertTrue(facts["pretended"])
        self.assertEqual({t["version"]: t["may"] for t in facts["toolkits"]}, {"13.0.2": "full", "13.5.0": "sass-only"})
        self.assertIn("pretended", self.home.cudaenv("driver", env=env).out)
        self.assertIn("pretended", self.home.cudaenv("health", env=env).out)
        self.assertRefuses(self.home.cudaenv("driver", env={"CUDAENV_DRIVER": "new"}), 3, "CUDAENV_DRIVER")
        self.assertRefuses(self.home.cudaenv("driver", env={"CUDAENV_GPU": "9.0"}), 3, "CUDAENV_GPU")

    def test_driver_facts(self):
        self.toolkit()
        facts = self.assertWorks(self.home.cudaenv("driver", "--json", env={"CUDAENV_LIBCUDA": self.driver("mig")})).json
        self.assertEqual(facts["libcuda"]["cuda"], "13.0")
        self.assertEqual(facts["libcuda"]["path"], str(self.driver("mig").resolve()))
        gpu = facts["gpus"][0]
        self.assertEqual((gpu["compute_capability"], gpu["mig"]), ("9.0", True))
        self.assertTrue(gpu["uuid"].startswith("MIG-11111111-1111-"))
        self.assertEqual(facts["toolkits"][0]["may"], "full")

    def test_health_is_for_scripts(self):
        good, bad = {"CUDAENV_LIBCUDA": self.driver("ok")}, {"CUDAENV_LIBCUDA": self.driver("init-999")}
        self.assertEqual(self.assertWorks(self.home.cudaenv("health", env=good)).out, "cuda\n")
        ran = self.home.cudaenv("health", env=bad)
        self.assertEqual(ran.status, 8, str(ran))
        self.assertRegex(ran.out, r"^cpu: .*999")
        self.toolkit("one")
        chosen = {**good, "CUDAENV_TOOLKIT": "one"}
        self.assertFalse(self.home.cudaenv("health", "--json", env=chosen).json["cached"])
        again = self.home.cudaenv("health", "--json", env=chosen)
        self.assertEqual((again.json["health"], again.json["cached"]), ("cuda", True))
        if not sanitized():
            self.assertLess(again.seconds, 2)

    def test_nothing_can_be_kept_but_everything_works(self):
        self.toolkit()
        os.makedirs(self.home.cache, exist_ok=True)
        self.home.own(self.home.cache)
        self.home.cache.chmod(0o500)
        for _ in range(2):
            self.assertFalse(self.assertWorks(self.verify("ok", "fake", "--json")).json["cached"])
        self.home.cache.chmod(0o700)

    def test_a_variable_that_names_no_file_is_named(self):
        self.toolkit()
        ran = self.home.cudaenv("verify", "fake", "--json", env={"CUDAENV_LIBCUDA": "/nowhere/libcuda.so.1"})
        self.assertEqual(ran.status, 8, str(ran))
        self.assertEqual(ran.json["cause"]["id"], "libcuda-missing")
        self.assertIn("CUDAENV_LIBCUDA names `/nowhere/libcuda.so.1`", ran.json["cause"]["what"])
        self.assertEqual(ran.json["cause"]["fix"], "unset CUDAENV_LIBCUDA")

    def test_every_gpu_or_the_one_that_is_asked_for(self):
        self.toolkit()
        every = self.assertWorks(self.verify("devices-8", "fake", "--json")).json
        self.assertEqual([(g["index"], g["verdict"], g["why"]) for g in every["gpus"]], [(i, "proven", None) for i in range(8)])
        self.assertIn("4096 values checked on 8 GPUs", str(every["steps"]))
        self.assertEqual(self.verify("devices-8", "fake", "--json").json["gpus"], every["gpus"])  # out of the cache
        ran = self.verify("gpu5-214", "fake")
        self.assertEqual(ran.status, 8, str(ran))
        self.assertIn("\n  GPU 5  refused  Fake GPU 5  sm_90  sass: no context: 214", ran.out)
        self.assertIn("why: GPU 5: ", ran.out)
        self.assertIn("leaves the GPUs that work", ran.out)
        self.assertIn("sass     fail  GPU 5: no context: 214 CUDA_ERROR_FAKE_214\n                 GPUs 0-4,6-7: sm_90 by", ran.out)
        one = self.assertWorks(self.verify("gpu5-214", "fake", "--device", "0", "--json")).json
        self.assertEqual((one["verdict"], [g["index"] for g in one["gpus"]]), ("proven", [0]))
        self.assertEqual(self.verify("gpu5-214", "fake", "--device", "8", "--json").json["cause"]["cuda_error"], 101)

    def test_a_terminal_is_told_what_takes_its_time(self):
        self.toolkit()
        libcuda = self.driver("slow-constructor")
        for words, told in (([], True), (["--quiet"], False)):
            master, slave = pty.openpty()
            self.home.own(os.ttyname(slave))
            self.assertWorks(self.home.sh(f"cudaenv verify fake --refresh {' '.join(words)} 2>{os.ttyname(slave)}",
                                          env={"CUDAENV_LIBCUDA": libcuda}))
            os.set_blocking(master, False)
            try:
                seen = os.read(master, 4096)
            except BlockingIOError:
                seen = b""
            os.close(master), os.close(slave)
            self.assertEqual(b"proving 13.0.2 by a launch on every visible GPU" in seen, told, seen)
            self.assertEqual(seen.endswith(b"\r\x1b[K"), told, seen)

    def test_no_leftovers(self):
        self.toolkit()
        self.verify("ok", "fake", "--refresh")
        left = [p.name for p in self.home.folder.iterdir() if p.name.startswith("cudaenv-probe-")]
        self.assertEqual(left, [])


if __name__ == "__main__":
    import unittest
    unittest.main()
