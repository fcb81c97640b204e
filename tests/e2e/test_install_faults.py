"""Installing when something goes wrong: the network, the archive, the disk, another process, a signal."""

import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

import mini
from mirror import Faulty, Mirror
from sealed import SealedTest, remove_tree, sanitized, tree

made = mirror = None
NVVM = "/files/" + f"nvidia_nvvm-13.0.88-{mini.TAG}.whl"


def setUpModule():
    global made, mirror
    made = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-mini-"))
    made.chmod(0o755)
    mini.write_index(made / "site", mini.build(made / "wheels", ["13.0.2"]))
    mirror = Mirror(made / "site")
    mirror.start()


def tearDownModule():
    mirror.__exit__()
    remove_tree(made)


class FaultCase(SealedTest):
    def setUp(self):
        super().setUp()
        mirror.configure(rate=None, answers={})
        mirror.forget()
        self.home.use_wheels(mirror.simple)
        self.command = ["install", "--no-verify", "13.0.2"]

    def visible(self):
        names = self.home.root / "names"
        return sorted(os.listdir(names)) if names.exists() else []

    def assertNothingHalfDone(self):
        self.assertEqual(self.visible(), [])
        toolkits = self.home.root / "toolkits"
        self.assertEqual(os.listdir(toolkits) if toolkits.exists() else [], [])
        listed = self.assertWorks(self.home.cudaenv("list", "--json")).json
        self.assertEqual((listed["toolkits"], listed["damaged"]), ([], []))

    def assertWhole(self):
        self.assertEqual(self.visible(), ["13.0.2"])
        top = self.home.root / "names/13.0.2"
        self.assertIn("release 13.0", self.assertWorks(self.home.run(top / "bin/nvcc", "--version")).out)
        self.assertEqual((top / "nvvm/libdevice/libdevice.10.bc").stat().st_size, 3 << 20)
        staging = self.home.root / "tmp"
        self.assertEqual(os.listdir(staging) if staging.exists() else [], [])

    def install(self, **options):
        return self.home.cudaenv(*self.command, **options)


class NetworkTest(FaultCase):
    def faulty(self, *actions, path=NVVM):
        server = Faulty(made / "site", {path: actions})
        server.__enter__()
        self.addCleanup(server.__exit__)
        self.home.use_wheels(server.simple)
        return server

    def test_404_and_403_name_the_url(self):
        for status in (404, 403):
            with self.subTest(status):
                server = self.faulty(str(status))
                self.assertRefuses(self.install(), 6, NVVM, str(status))
                self.assertNothingHalfDone()
                self.assertEqual(len([path for path, _ in server.seen if path == NVVM]), 1, "a refusal is not retried")

    def test_index_that_is_not_there(self):
        mirror.configure(answers={"/simple/cuda-toolkit/": 404})
        self.assertNotEqual(self.install().status, 0)
        self.assertNothingHalfDone()

    def test_server_that_is_not_there(self):
        self.home.use_wheels("http://127.0.0.1:9/simple/")
        self.assertRefuses(self.install(), 6, "127.0.0.1:9")
        self.assertNothingHalfDone()

    def test_one_500_is_retried(self):
        server = self.faulty("500", "serve")
        self.assertWorks(self.install())
        self.assertEqual([action for path, action in server.seen if path == NVVM], ["500", "serve"])
        self.assertWhole()

    def test_retry_after_is_kept(self):
        self.faulty("503 Retry-After: 2", "serve")
        began = time.monotonic()
        self.assertWorks(self.install())
        self.assertGreaterEqual(time.monotonic() - began, 2)

    def test_500_for_ever_gives_up(self):
        self.faulty("500")
        self.assertRefuses(self.install(timeout=120), 6, NVVM)
        self.assertNothingHalfDone()

    def test_half_a_body_is_resumed_or_fetched_again(self):
        self.faulty("wrong-length", "serve")
        self.assertWorks(self.install())
        self.assertWhole()

    def test_hangs_end(self):
        """In the header and in the body, with the timeouts that ship (tests/e2e/test_fetch.py has shorter ones)."""
        if sanitized():
            self.skipTest("waits for real timeouts; the release build does that")
        command, ends = [self.home.bin / "cudaenv", *self.command], []
        for action in ("hang-header", "hang-body"):
            self.faulty(action)
            other = {"CUDAENV_ROOT": self.home.folder / action, "CUDAENV_CACHE": self.home.folder / f"{action}-cache"}
            ends.append(self.home.start(*command, env={**other, "CUDAENV_CONFIG": self.config_for(action)}))
        for started in ends:
            self.assertRefuses(started.finish(300), 6, NVVM)

    def config_for(self, name):
        path = self.home.folder / f"{name}.toml"
        shutil.copy(self.home.config, path)
        self.home.own(path)
        return path

    def test_other_bytes_than_promised(self):
        self.faulty("corrupt")
        self.assertRefuses(self.install(), 7, "nvidia_nvvm")
        self.assertNothingHalfDone()
        self.home.use_wheels(mirror.simple)  # the bad bytes are not used later
        self.assertWorks(self.install())
        self.assertWhole()

    def test_shorter_than_promised(self):
        self.faulty("short")
        ran = self.install(timeout=120)
        self.assertIn(ran.status, (6, 7), str(ran))
        self.assertIn("nvidia_nvvm", ran.err)
        self.assertNothingHalfDone()

    def test_index_of_garbage(self):
        texts = ['<a href="%%%"><<<>>\0\xff</a>', '{"files": ' + "[" * 100_000, '{"files": 7}', "", "\0" * 5000]
        for number, text in enumerate(texts):
            with self.subTest(text[:20]):
                site = self.home.folder / f"site{number}"
                (site / "simple/cuda-toolkit").mkdir(parents=True)
                (site / "simple/cuda-toolkit/index.html").write_text(text, encoding="latin-1")
                with Faulty(site, {}) as server:
                    self.home.use_wheels(server.simple)
                    ran = self.install()
                self.assertIn(ran.status, (4, 6, 7), str(ran))
                self.assertIn("cannot", ran.err)
                self.assertNothingHalfDone()


class HostileArchiveTest(FaultCase):
    """Wheels whose hash is right and whose content is not: nothing of them may reach the disk outside staging."""

    def hostile(self, *raw, record=True):
        site = self.home.folder / "site"
        wheels = mini.build(self.home.folder / "wheels", ["13.0.2"])
        package, version = mini.RELEASES["13.0.2"]["nvvm"]
        bad = mini.write_wheel(self.home.folder / "bad", package, version,
                               {"nvidia/cu13/nvvm/bin/cicc": (b"#!/bin/sh\n", True)}, raw=raw)
        mini.write_index(site, [bad if w.package == package else w for w in wheels])
        shutil.rmtree(self.home.folder / "wheels")
        own = Mirror(site)
        own.start()
        self.addCleanup(own.__exit__)
        self.home.use_wheels(own.simple)
        before = tree(self.home.home) + tree(self.home.work)
        ran = self.install()
        self.assertRefuses(ran, 7, "nvidia_nvvm")
        self.assertNothingHalfDone()
        self.assertEqual(before, tree(self.home.home) + tree(self.home.work))
        return ran

    @staticmethod
    def entry(name, mode=0o100644):
        import zipfile
        info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
        info.create_system = 3
        info.external_attr = mode << 16
        return info

    def test_parent_component(self):
        self.hostile((self.entry("nvidia/cu13/../../../../home/evil"), b"x"))

    def test_absolute_path(self):
        self.hostile((self.entry("/tmp/cudaenv-evil"), b"x"))
        self.assertFalse(os.path.exists("/tmp/cudaenv-evil"))

    def test_link_out_of_the_tree(self):
        self.hostile((self.entry("nvidia/cu13/lib/evil", 0o120777), b"../../../../../home"))

    def test_setuid(self):
        self.hostile((self.entry("nvidia/cu13/bin/evil", 0o104755), b"#!/bin/sh\n"))

    def test_file_that_record_does_not_know(self):
        self.hostile((self.entry("nvidia/cu13/bin/unlisted"), b"x"))


class DiskTest(FaultCase):
    def test_read_only_root(self):
        self.home.root.mkdir()
        self.home.root.chmod(0o555)
        self.home.own(self.home.root)
        ran = self.install()
        self.assertRefuses(ran, 9, str(self.home.root))
        self.home.root.chmod(0o755)
        self.assertWorks(self.install())

    def test_list_on_a_read_only_root(self):
        self.assertWorks(self.install())
        for top, _, _ in os.walk(self.home.root):
            if not os.path.islink(top):
                os.chmod(top, 0o555)
        self.home.cache.chmod(0o555)
        ran = self.assertWorks(self.home.cudaenv("list", "--json"))
        self.assertEqual(len(ran.json["toolkits"]), 1)

    def small_disk(self, megabytes, mounted_on):
        """Runs the install, then `list`, with a tmpfs of this size mounted there, in a mount namespace of its own."""
        mounted_on.mkdir()
        self.home.own(mounted_on)
        script = (f"mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs {mounted_on} || exit 111; "
                  f"{self.home.bin}/cudaenv {' '.join(self.command)}; status=$?; "
                  f"{self.home.bin}/cudaenv list --json || exit 112; exit $status")
        ran = self.home.run("unshare", "-Urm", "sh", "-c", script)
        if ran.status == 111 or "unshare" in ran.err:
            self.skipTest("no mount namespace here: " + ran.err.strip()[:120])
        self.assertRefuses(ran, 9, "are free there", "hint: cudaenv prune")
        self.assertEqual((ran.json["toolkits"], ran.json["damaged"]), ([], []))

    def test_full_disk_below_the_root(self):
        self.small_disk(2, self.home.root)

    def test_full_disk_below_the_cache(self):
        self.small_disk(1, self.home.cache)

    def test_file_size_limit(self):
        import resource

        def limits():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        ran = self.install(limits=limits)
        self.assertRefuses(ran, 9)
        self.assertNothingHalfDone()
        self.assertWorks(self.install())
        self.assertWhole()


class SignalTest(FaultCase):
    def start_slowly(self, rate="600k"):
        """An install whose largest download takes about five seconds; returns it once bytes of it are here."""
        mirror.configure(rate=rate)
        started = self.home.start_cudaenv(*self.command)
        for _ in range(600):
            parts = list(self.home.cache.rglob("*.part")) if self.home.cache.exists() else []
            if any(part.stat().st_size > 300_000 for part in parts if part.exists()):
                return started
            if started.process.poll() is not None:
                break
            time.sleep(0.05)
        self.fail(f"no download to interrupt\n{started.finish()}")

    def test_ctrl_c_leaves_nothing_half_visible_and_the_next_resumes(self):
        started = self.start_slowly()
        started.signal(signal.SIGINT)
        ran = started.finish(15)
        self.assertEqual(ran.status, 130, str(ran))
        self.assertNothingHalfDone()
        mirror.configure(rate=None)
        mirror.forget()
        self.assertWorks(self.install())
        self.assertWhole()
        resumed = [(path, status, range_) for _, path, status, _, range_ in mirror.requests()
                   if path == NVVM and status == 206]
        self.assertTrue(resumed, mirror.requests())

    def test_term_ends_it(self):
        started = self.start_slowly()
        started.signal(signal.SIGTERM)
        ran = started.finish(15)
        self.assertNotEqual(ran.status, 0, str(ran))
        self.assertNothingHalfDone()

    def test_two_at_once_download_once(self):
        first = self.start_slowly()
        second = self.home.start_cudaenv(*self.command)
        ran = [first.finish(60), second.finish(60)]
        self.assertEqual([one.status for one in ran], [0, 0], "\n".join(map(str, ran)))
        self.assertIn("another cudaenv", ran[1].err)  # whichever of the two waits it meets
        self.assertIn(str(first.process.pid), ran[1].err)
        self.assertEqual([status for _, path, status, _, _ in mirror.requests() if path == NVVM], [200])
        self.assertWhole()

    def test_killed_at_any_moment_then_again(self):
        moments = random.Random(20)
        mirror.configure(rate="3m")
        began = time.monotonic()
        self.assertWorks(self.install())
        whole = time.monotonic() - began
        expected = tree(self.home.root / "names/13.0.2")
        for attempt in range(8):
            for folder in (self.home.root, self.home.cache):
                remove_tree(folder)
            for _ in range(3):  # several deaths in a row before it may end
                started = self.home.start_cudaenv(*self.command)
                time.sleep(moments.uniform(0, whole))
                started.signal(signal.SIGKILL)
                started.finish()
                listed = self.assertWorks(self.home.cudaenv("list", "--json")).json
                self.assertEqual(listed["damaged"], [])
                for one in listed["toolkits"]:  # visible means whole
                    self.assertEqual(expected, tree(pathlib.Path(one["path"])))
            with self.subTest(attempt):
                self.assertWorks(self.install())
                self.assertWhole()
                self.assertEqual(expected, tree(self.home.root / "names/13.0.2"))
