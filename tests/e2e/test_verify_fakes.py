"""Every fake driver with the verdict it must get: one table, several drivers at a time.

Whatever a driver does, `verify` answers in time, with the right cause, and leaves neither a process nor a file.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import struct
import threading
import time

from sealed import SealedTest, build_dir

FAKES = build_dir() / "tests" / "fake"
DEADLINE = 1.5  # seconds that a hanging driver gets
SLACK = 1.0     # what `verify` may take beyond the deadline, measured inside

Row = collections.namedtuple("Row", "driver verdict cause error step exit")


def refused(driver, cause, error=0, step="facts"):
    return Row(driver, "refused", cause, error, step, 8)


def degraded(driver, cause, error, step):
    return Row(driver, "degraded", cause, error, step, 0)


def proven(driver):
    return Row(driver, "proven", None, 0, None, 0)


def compile_only(driver, cause):
    return Row(driver, "compile-only", cause, 0, None, 0)


TABLE = [
    proven("ok"), proven("ampere"), proven("turing"), proven("mig"), proven("devices-2"),
    # each of CUDA's errors, where it shows in practice
    refused("init-34", "stub-libcuda", 34, "genuine"), refused("stubs", "stub-libcuda", 34, "genuine"),
    refused("init-35", "driver-too-old", 35), refused("old", "driver-too-old", 35, "floor"),
    refused("init-46", "gpu-busy", 46),
    compile_only("init-100", "no-gpu"),  # this machine has no device node: nothing is wrong with it
    refused("init-101", "invalid-device", 101),
    refused("sass-200", "invalid-image", 200, "sass"), refused("context-201", "invalid-context", 201, "sass"),
    refused("sass-209", "no-kernel-image", 209, "sass"), refused("context-214", "ecc-uncorrectable", 214, "sass"),
    degraded("ptx-218", "invalid-ptx", 218, "ptx"), refused("context-220", "nvlink-uncorrectable", 220, "sass"),
    degraded("ptx-221", "jit-compiler-missing", 221, "ptx"), degraded("ptx-222", "ptx-too-new", 222, "ptx"),
    degraded("ptx-300", "invalid-source", 300, "ptx"), refused("context-304", "os-call-failed", 304, "sass"),
    refused("sync-719", "launch-failed", 719, "sass"), refused("init-802", "system-not-ready", 802),
    refused("init-803", "driver-mismatch", 803, "genuine"), refused("init-804", "compat-not-supported", 804, "genuine"),
    refused("init-999", "driver-unknown-error", 999),
    # drivers that hang
    refused("hang-constructor", "driver-hung"), refused("hang-init", "driver-hung"),
    refused("stop-constructor", "driver-hung"), refused("stop-init", "driver-hung"),
    refused("stubborn-constructor", "driver-hung"), refused("hang-context", "driver-hung", step="sass"),
    refused("hang-launch", "driver-hung", step="sass"), refused("hang-sync", "driver-hung", step="sass"),
    refused("hang-load-ptx", "driver-hung", step="ptx"),
    # drivers that end the process
    refused("exit-constructor", "driver-left"), refused("exit-init", "driver-left"),
    refused("exit-launch", "driver-left", step="sass"), refused("forge-constructor", "driver-left"),
    refused("segv-constructor", "driver-crashed"), refused("segv-init", "driver-crashed"),
    refused("segv-launch", "driver-crashed", step="sass"), refused("abort-constructor", "driver-crashed"),
    refused("orphan-constructor", "driver-crashed"),
    # drivers that do what a library must not, and work
    proven("noise-constructor"), proven("fork-constructor"), proven("fork-init"), proven("daemon-constructor"),
    proven("daemon-init"), proven("slow-constructor"), proven("greedy-constructor"), proven("segv-destructor"),
    proven("masks-constructor"),
    # drivers that take what is not theirs
    refused("close-constructor", "driver-left"), refused("glutton-constructor", "driver-greedy"),
    refused("fill-constructor", "driver-left"),
    # drivers that compute or answer nonsense
    refused("wrong-value", "wrong-results", step="sass"), refused("idle", "wrong-results", step="sass"),
    degraded("liar", "ptx-too-new", 222, "ptx"), refused("version-0", "driver-too-old", 35, "floor"),
    refused("version-negative", "driver-too-old", 35, "floor"),
    refused("missing-symbol", "libcuda-incomplete"), refused("missing-launch", "libcuda-incomplete"),
    # devices
    compile_only("devices-0", "no-gpu"), proven("devices-16"), refused("devices-16-odd", "gpu-too-old", step="arch"), refused("pascal", "gpu-too-old", step="arch"),
    degraded("blackwell", "gpu-newer-than-toolkit", 0, "sass"),
    proven("devices-8"), refused("gpu5-214", "ecc-uncorrectable", 214, "sass"), degraded("gpu1-222", "ptx-too-new", 222, "ptx"),
    refused("gpu3-wrong", "wrong-results", step="sass"), refused("gpu2-hang", "driver-hung", step="sass"),
    refused("gpu2-segv", "driver-crashed", step="sass"),
    # an NVML lies beside them; what that adds is shown in test_driver
    *(proven("nvml-" + name) for name in ("two", "one-of-two", "mig", "mixed", "hangs")), compile_only("nvml-hidden", "no-gpu"),
    compile_only("nvml-mig-empty", "no-gpu"), refused("nvml-mismatch", "driver-mismatch", 803, "genuine"),
    # files that are no libcuda
    refused("elf32", "libcuda-wrong-class"), refused("elf-arm", "libcuda-wrong-class"), refused("cut-header", "libcuda-damaged"),
    refused("cut-half", "libcuda-damaged"), refused("empty", "libcuda-damaged"), refused("text", "libcuda-damaged"),
    refused("absent", "libcuda-missing"), refused("dangling", "libcuda-missing"), refused("folder", "libcuda-damaged"),
]


def elf32():
    """The head of a 32-bit shared object for the i386, with one empty program header."""
    head = struct.pack("<4sBBBB8xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 0, 3, 3, 1, 0, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    return head + struct.pack("<8I", 1, 0, 0, 0, 0, 0, 5, 0x1000) + bytes(64)


def cut_in_its_segments(whole):
    """The bytes of a library up to where its second loadable segment begins."""
    offset, size, count = struct.unpack_from("<Q14xHH", whole, 32)
    headers = [struct.unpack_from("<IIQQQQQQ", whole, offset + size * i) for i in range(count)]
    return whole[:sorted(header[2] for header in headers if header[0] == 1)[1]]


class FakeDriversTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "ok" / "libcuda.so.1").exists():
            self.skipTest("the fake drivers are not built")
        self.drivers = self.home.folder / "drivers"
        self.drivers.mkdir()
        self.lock = threading.Lock()
        tree = self.home.folder / "tree"
        shutil.copytree(FAKES / "toolkit", tree)
        (tree / "version.json").write_text(json.dumps({"cuda": {"version": "13.0.2"}}))
        self.home.own(tree, *tree.rglob("*"))
        self.assertWorks(self.home.cudaenv("link", tree, "fake"))

    def path_of(self, name):
        """Where the fake `name` lies; those that are no library are made here."""
        folder = self.drivers / name
        library = folder / "libcuda.so.1"
        if folder.exists():
            return library
        if (FAKES / name).exists():
            shutil.copytree(FAKES / name, folder)
            return library
        folder.mkdir()
        whole = (FAKES / "ok" / "libcuda.so.1").read_bytes()
        other = struct.pack("<H", 183 if whole[18] == 62 else 62)  # e_machine: arm64 on x86, and the other way round
        content = {"elf32": elf32(), "elf-arm": whole[:18] + other + whole[20:], "cut-header": whole[:40],
                   "cut-half": cut_in_its_segments(whole), "empty": b"",
                   "text": b"INPUT(libcuda.so.580)\n"}
        if name in content:
            library.write_bytes(content[name])
        elif name == "dangling":
            library.symlink_to("libcuda.so.580.159.04")
        elif name == "folder":
            library.mkdir()
        else:
            self.assertEqual(name, "absent", "no such fake")
        return library

    def verify(self, name):
        with self.lock:
            started = self.home.start_cudaenv(
                "verify", "fake", "--json", "--timeout", str(self.patience(name)),
                env={"CUDAENV_LIBCUDA": self.path_of(name)})
        return started.finish(timeout=60)

    @staticmethod
    def patience(name):
        return DEADLINE if name.startswith(("hang", "stop", "stubborn")) else 20

    def differences(self, row):
        """What is wrong about the verdict of one fake, as lines."""
        ran = self.verify(row.driver)
        try:
            answer = ran.json
        except ValueError:
            return [f"{row.driver}: no JSON\n{ran}"]
        cause = answer.get("cause") or {}
        failed = next((step["name"] for step in answer.get("steps", []) if step["status"] == "fail"), None)
        got = Row(row.driver, answer.get("verdict"), cause.get("id"), cause.get("cuda_error", 0), failed, ran.status)
        wrong = [f"{row.driver}: expected {row[1:]}, got {got[1:]}\n{ran.out}"] if got != row else []
        if cause and ("{" in cause["what"] + cause["fix"] or not cause["fix"]):
            wrong.append(f"{row.driver}: {cause}")
        if answer.get("elapsed_ms", 0) > (self.patience(row.driver) + SLACK) * 1000:
            wrong.append(f"{row.driver}: {answer['elapsed_ms']} ms with a deadline of {self.patience(row.driver)} s")
        if ran.err:
            wrong.append(f"{row.driver}: standard error is {ran.err!r}")
        return wrong

    def processes_of_this_test(self):
        """Command lines of processes with this home in their environment; for zombies see proof_test."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if str(self.home.folder).encode() in (entry / "environ").read_bytes() and entry.name != str(os.getpid()):
                    found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()!r}")
            except OSError:
                pass
        return found

    def test_each_has_its_verdict_and_leaves_nothing(self):
        self.assertGreaterEqual(len(TABLE), 60)
        for row in TABLE:
            self.path_of(row.driver)
        before = {place: set(os.listdir(place)) for place in ("/dev/shm", str(self.home.folder))}
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [line for lines in pool.map(self.differences, TABLE) for line in lines]
        seconds = time.monotonic() - began
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertEqual(self.processes_of_this_test(), [])
        after = {place: set(os.listdir(place)) for place in before}
        self.assertLessEqual(after["/dev/shm"], before["/dev/shm"])
        self.assertEqual({name for name in after[str(self.home.folder)] - before[str(self.home.folder)] if name != "cache"}, set())
        self.assertEqual(list(self.home.folder.rglob("core*")), [])
        print(f"{len(TABLE)} drivers in {seconds:.1f} s")
        self.assertLess(seconds, 60)

    def test_every_fake_that_is_built_is_in_the_table(self):
        built = {entry.name for entry in FAKES.iterdir() if (entry / "libcuda.so.1").exists()}
        # Those that come with an NVML of their own are asked by `driver`, and each library's by `verify --gemm`.
        elsewhere = "".join((pathlib.Path(__file__).parent / name).read_text() for name in ("test_driver.py", "test_libraries.py"))
        self.assertEqual({name for name in built - {row.driver for row in TABLE} if f'"{name}"' not in elsewhere}, set())

    def test_a_manager_that_is_killed_takes_the_probe_along(self):
        started = self.home.start_cudaenv("verify", "fake", "--timeout", "60",
                                          env={"CUDAENV_LIBCUDA": self.path_of("hang-init")})
        self.wait_until(lambda: any("cudaenv-probe" in line for line in self.processes_of_this_test()))
        os.kill(started.process.pid, 9)
        started.finish()
        self.wait_until(lambda: not self.processes_of_this_test())

    def wait_until(self, holds, seconds=10):
        until = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), until, self.processes_of_this_test())
            time.sleep(0.05)


if __name__ == "__main__":
    import unittest
    unittest.main()
