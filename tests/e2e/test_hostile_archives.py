"""unpack/ against hostile archives: each refused whole and by name, nothing outside the folder, nothing left in it."""

import io
import os
import pathlib
import stat
import tarfile
import unittest
import zipfile

import fetch_tool
import hostile
from sealed import SealedTest, sanitized, tree

INTEGRITY = 7


class HostileTest(SealedTest):
    def setUp(self):
        super().setUp()
        self.staging = self.home.folder / "staging"
        self.staging.mkdir()
        self.home.own(self.staging)

    def unpack_all(self, archives, options=None):
        """Unpacks each archive into a folder of its own, in one process; gives answers and folders."""
        jobs = []
        for i, data in enumerate(archives):
            archive, folder = self.staging / f"{i}.archive", self.staging / f"{i}"
            archive.write_bytes(data)
            folder.mkdir()
            self.home.own(archive, folder)
            jobs.append({"do": "unpack", "archive": str(archive), "folder": str(folder), **(options[i] if options else {})})
        ran = fetch_tool.start(self.home, *jobs, cwd=self.staging).finish(300)
        return fetch_tool.answers(ran), [pathlib.Path(job["folder"]) for job in jobs]


class Refused(HostileTest):
    def check(self, cases, at_least):
        cases = list(cases)
        self.assertGreaterEqual(len(cases), at_least)
        self.assertEqual(len({case.name for case in cases}), len(cases), "two cases have one name")
        tried = [{name: case.options[name] for name in ("members", "total_bytes") if name in case.options} for case in cases]
        canary = self.home.work / "canary"
        canary.write_text("untouched")
        answers, folders = self.unpack_all([case.data for case in cases], tried)
        refused = 0
        for case, answer, folder in zip(cases, answers, folders):
            with self.subTest(case.name):
                if case.options.get("is_fine") or case.options.get("empty_is_fine"):
                    continue
                self.assertIn("error", answer, "it was taken")
                said = " | ".join([answer["error"]["what"], *answer["error"]["causes"]])
                self.assertEqual(answer["error"]["code"], INTEGRITY, said)
                self.assertIn("cannot unpack", said)
                self.assertTrue(said.isprintable(), repr(said))
                if case.rule:
                    self.assertRegex(said, rf"the rule {case.rule}(:|$)")
                self.assertEqual(list(folder.iterdir()), [], "something was left")
                refused += 1
        self.assertGreaterEqual(refused, at_least)
        self.assertEqual(canary.read_text(), "untouched")
        self.assertEqual([p for p in self.staging.iterdir() if not p.name.split(".")[0].isdigit()], [], "something came outside")
        self.assertFalse(os.path.exists("/etc/cudaenv-was-here") or os.path.exists("/tmp/cudaenv-was-here"))

    def test_tars(self):
        self.check(hostile.tars(), 60)

    def test_wheels(self):
        self.check(hostile.wheels(), 70)

    def test_every_prefix_of_a_tar(self):
        data = hostile.packed(hostile.member("a/b", bytes(range(256)) * 20), hostile.link("l", "a/b"))
        answers, folders = self.unpack_all([data[:n] for n in range(len(data))])
        for n, (answer, folder) in enumerate(zip(answers, folders)):
            self.assertIn("error", answer, f"the first {n} of {len(data)} bytes were taken")
            self.assertEqual(list(folder.iterdir()), [])

    def test_every_prefix_of_a_wheel(self):
        data = hostile.wheel({"name": "a"})
        answers, _ = self.unpack_all([data[:n] for n in range(len(data))])
        for n, answer in enumerate(answers):
            self.assertIn("error", answer, f"the first {n} of {len(data)} bytes were taken")

    def test_a_folder_that_is_not_empty(self):
        archive = self.home.write("a.tar.gz", hostile.packed(hostile.member("a")))
        folder = self.home.write("full/there", "old").parent
        answer = fetch_tool.run(self.home, {"do": "unpack", "archive": str(archive), "folder": str(folder)})[0]
        self.assertIn("not empty", str(answer["error"]))
        self.assertEqual((folder / "there").read_text(), "old")

    def test_archives_that_are_no_files(self):
        fifo = self.home.work / "fifo"
        os.mkfifo(fifo)
        folder = self.staging / "x"
        folder.mkdir()
        self.home.own(folder, fifo)
        for archive in (fifo, self.home.work, self.home.work / "missing", "/dev/zero"):
            answer = fetch_tool.run(self.home, {"do": "unpack", "archive": str(archive), "folder": str(folder)}, timeout=10)[0]
            self.assertIn("cannot read", str(answer["error"]))


class Readers(HostileTest):
    """What is taken means the same to Python's readers."""

    def mutants(self, data, seed, count):
        import random
        source = random.Random(seed)
        for _ in range(count):
            changed = bytearray(data)
            for _ in range(source.choice((1, 1, 2, 4))):
                changed[source.randrange(len(changed))] = source.choice((0, 1, 0x2f, 0x50, 0xff, source.randrange(256)))
            yield bytes(changed)

    def files(self, folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}

    def test_wheels(self):
        names, archives = zip(*hostile.sloppy_wheels())
        answers, folders = self.unpack_all(archives)
        for name, data, answer, folder in zip(names, archives, answers, folders):
            with self.subTest(name):
                self.assertNotIn("error", answer)
                self.same_as_zipfile(data, folder)

    def same_as_zipfile(self, data, folder):
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            self.assertIsNone(read.testzip())
            expected = {info.filename: read.read(info) for info in read.infolist() if not info.is_dir()}
        self.assertEqual(self.files(folder), expected)

    def test_tars(self):
        names, archives = zip(*hostile.sloppy_tars())
        answers, folders = self.unpack_all(archives)
        for name, data, answer, folder in zip(names, archives, answers, folders):
            with self.subTest(name):
                self.assertNotIn("error", answer)
                with tarfile.open(fileobj=io.BytesIO(data)) as read:
                    members = read.getmembers()
                    expected = {m.name: read.extractfile(m).read() for m in members if m.isfile() or m.islnk()}
                    links = {m.name: m.linkname for m in members if m.issym()}
                self.assertEqual(self.files(folder), expected)
                self.assertEqual({e["path"]: e["target"] for e in answer["entries"] if e["type"] == "link"}, links)

    def test_mutated_wheels(self):
        data = hostile.wheel({"name": "a", "data": b"some text " * 30}, {"name": "b", "method": 0, "data": b"stored"})
        archives = list(self.mutants(data, 1, 1500))
        answers, folders = self.unpack_all(archives)
        taken = 0
        for data, answer, folder in zip(archives, answers, folders):
            if "error" in answer:
                self.assertEqual(answer["error"]["code"], INTEGRITY, answer)
                self.assertEqual(list(folder.iterdir()), [])
            else:
                taken += 1
                self.same_as_zipfile(data, folder)
        self.assertGreater(taken, 0)

    def test_mutated_tars(self):
        import gzip
        plain = hostile.tar(hostile.folder("d"), hostile.member("d/a", b"some text " * 30), hostile.link("l", "d/a"), hostile.named("d/" + "n" * 150))
        archives = [gzip.compress(mutant, 1) for mutant in self.mutants(plain, 2, 1500)]
        answers, folders = self.unpack_all(archives)
        taken = 0
        for answer, folder in zip(answers, folders):
            if "error" in answer:
                self.assertEqual(answer["error"]["code"], INTEGRITY, answer)
                self.assertEqual(list(folder.iterdir()), [])
                continue
            taken += 1
            for path in folder.rglob("*"):
                self.assertTrue(path.is_symlink() or stat.S_IMODE(path.lstat().st_mode) in (0o644, 0o755))
                if path.is_symlink():
                    self.assertTrue(os.path.normpath(path.parent / os.readlink(path)).startswith(str(folder)))
        self.assertGreater(taken, 0)


class Made(HostileTest):
    """What a tree looks like afterwards."""

    def test_modes_and_attributes(self):
        os.umask(0o022)
        archives = [data for name, data in hostile.sloppy_tars() if name in ("mode 0", "odd modes", "an attribute", "an access list", "huge uid")]
        answers, folders = self.unpack_all(archives)
        for answer, folder in zip(answers, folders):
            self.assertNotIn("error", answer)
            for path in folder.rglob("*"):
                self.assertEqual(os.listxattr(path), [])
                self.assertIn(stat.S_IMODE(path.lstat().st_mode), (0o755,) if path.is_dir() else (0o644, 0o755))
        self.assertEqual(tree(folders[1]), ["a 755 1", "b 644 1", "c 755 1"])

    def test_any_umask(self):
        for mask in (0o000, 0o077, 0o777):
            folder = self.staging / f"mask{mask}"
            folder.mkdir()
            archive = self.staging / "a.archive"
            archive.write_bytes(hostile.packed(hostile.member("d/a"), hostile.member("d/b", mode=0o755)))
            self.home.own(folder, archive)
            answer = fetch_tool.run(self.home, {"do": "unpack", "archive": str(archive), "folder": str(folder)}, limits=lambda m=mask: os.umask(m))[0]
            self.assertNotIn("error", answer)
            self.assertEqual(tree(folder), ["d/ 755", "d/a 644 1", "d/b 755 1"])

    def test_entries_tell_the_tree(self):
        data = hostile.packed(hostile.member("lib/x.so.1", b"abc"), hostile.link("lib/x.so", "x.so.1"), hostile.link("same", "lib/x.so.1", b"1"))
        [answer], [folder] = self.unpack_all([data])
        told = [f"{e['path']} -> {e['target']}" if e["type"] == "link" else f"{e['path']}/ 755" if e["type"] == "folder"
                else f"{e['path']} {e['mode']:o} {e['size']}" for e in answer["entries"]]
        self.assertEqual(sorted(told), tree(folder))
        self.assertEqual((folder / "same").stat().st_ino, (folder / "lib/x.so.1").stat().st_ino)

    def test_without_openat2(self):
        import shutil
        if not shutil.which("strace"):
            self.skipTest("there is no strace to take the call away")
        archive = self.home.write("a.tar.gz", hostile.packed(hostile.member("a/b/c"), hostile.link("l", "a"), hostile.link("h", "a/b/c", b"1")))
        folder = self.staging / "x"
        folder.mkdir()
        self.home.own(folder)
        job = {"do": "unpack", "archive": str(archive), "folder": str(folder)}
        import json
        script = f"strace -f -qq -o /dev/null -e inject=openat2:error=ENOSYS {fetch_tool.tool()} {self.home.prefix}/libexec/cudaenv <<'JOB'\n{json.dumps(job)}\nJOB\n"
        ran = self.home.sh(script)
        if ran.status != 0 and "ptrace" in ran.err:
            self.skipTest("strace may not trace here")
        self.assertNotIn("error", fetch_tool.answers(ran)[0])
        self.assertEqual(tree(folder), ["a/ 755", "a/b/ 755", "a/b/c 644 1", "h 644 1", "l -> a"])

    def test_memory_stays_small(self):
        if sanitized():
            self.skipTest("a sanitizer's memory is not ours")
        import resource
        big = hostile.wheel({"name": "big", "data": os.urandom(1 << 20) * 40})
        archives = [big, *(case.data for case in hostile.tars() if case.name in ("path of 1 MiB", "100 MiB of zeros"))]

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))
        jobs = []
        for i, data in enumerate(archives):
            archive, folder = self.staging / f"{i}.archive", self.staging / f"{i}"
            archive.write_bytes(data)
            folder.mkdir()
            self.home.own(folder)
            jobs.append({"do": "unpack", "archive": str(archive), "folder": str(folder)})
        answers = fetch_tool.run(self.home, *jobs, limits=limit)
        self.assertNotIn("error", answers[0])


if __name__ == "__main__":
    unittest.main()
