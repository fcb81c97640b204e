"""`inspect`: the GPU code of a binary, from bytes made here."""

import random
import shutil
import struct
import subprocess

from sealed import SealedTest


def entry(kind=2, arch=90, isa=(0, 0), flags=0x11, payload=b"x" * 40):
    return struct.pack("<HHIQIIHHIIIQQQ", kind, 0x101, 64, len(payload), 0, 0, isa[1], isa[0], arch, 0, 0, flags, 0, 0) + payload


def container(*entries):
    body = b"".join(entries)
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


class InspectTest(SealedTest):
    def library(self, path, code):
        """A real shared object, linked here, with `code` as its section .nv_fatbin."""
        path.parent.mkdir(parents=True, exist_ok=True)
        source, blob = self.home.folder / "empty.c", self.home.folder / "code.bin"
        source.write_text("int puts(const char*); int one(void) { return puts(\"one\"); }\n")
        blob.write_bytes(code)
        subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-soname," + path.name, "-o", path, source], check=True)
        subprocess.run(["objcopy", "--add-section", f".nv_fatbin={blob}", path], check=True)
        self.home.own(path)
        return path

    def setUp(self):
        super().setUp()
        if not (shutil.which("gcc") and shutil.which("objcopy")):
            self.skipTest("no gcc and objcopy to make libraries with")

    def test_library(self):
        code = b"".join(container(entry(arch=80), entry(arch=90, flags=0x100011), entry(1, 90, (8, 7))) for _ in range(5))
        path = self.library(self.home.folder / "libk.so.1", code + container(entry(arch=89)))
        report = self.assertWorks(self.home.cudaenv("inspect", path, "--json")).json["files"][0]
        self.assertEqual((report["path"], report["soname"], report["containers"]), (str(path), "libk.so.1", 6))
        self.assertEqual(report["sass"], {"80": 5, "89": 1, "90a": 5})
        self.assertEqual((report["ptx"], report["ptx_isa"]), ({"90": 5}, {"90": "8.7"}))
        self.assertIn("libc.so.6", report["needs"])
        text = self.assertWorks(self.home.cudaenv("inspect", path)).out
        self.assertIn("80 in 5, 89 in 1, 90a in 5 of 6", text)
        self.assertIn("PTX ISA 8.7", text)

    def test_environment(self):
        site = self.home.folder / "venv/lib/python3.11/site-packages"
        self.library(site / "b/libb.so", container(entry(arch=75)))
        self.library(site / "a.cpython-311-x86_64-linux-gnu.so", container(entry(arch=120)))
        self.library(site / "plain.so", b"")
        (site / "broken.so").write_bytes(b"\x7fELF\x02\x01 not really")
        (site / "text.so.txt").write_text("INPUT(-lb)")
        self.home.own(*site.rglob("*"))
        answer = self.assertWorks(self.home.cudaenv("inspect", self.home.folder / "venv", "--json")).json
        self.assertEqual([(one["path"].rsplit("/", 1)[1], one["sass"]) for one in answer["files"]],
                         [("a.cpython-311-x86_64-linux-gnu.so", {"120": 1}), ("libb.so", {"75": 1})])
        self.assertEqual([one["path"].rsplit("/", 1)[1] for one in answer["unreadable"]], ["broken.so", "text.so.txt"])

    def test_what_is_no_binary(self):
        text = self.home.write("k.cu", "__global__ void k() {}\n")
        self.assertRefuses(self.home.cudaenv("inspect", text), 7, "as ELF")
        self.assertRefuses(self.home.cudaenv("inspect", self.home.folder / "nowhere"), 9, "nowhere")
        self.assertEqual(self.home.cudaenv("inspect").status, 2)

    def test_damaged_code_never_crashes(self):
        whole = container(entry(arch=80), entry(1, 90, (9, 0))) + container(entry(256, 0)) + container(entry(arch=90))
        chance = random.Random(3)
        seen = set()
        for _ in range(150):
            code = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                code[chance.randrange(len(code))] = chance.randrange(256)
            path = self.home.folder / "code.fatbin"
            path.write_bytes(code[:chance.randrange(len(code))] if chance.random() < 0.2 else code)
            self.home.own(path)
            ran = self.home.cudaenv("inspect", path, "--json")
            self.assertIn(ran.status, (0, 7), str(ran))
            seen.add(ran.status)
        self.assertEqual(seen, {0, 7})


if __name__ == "__main__":
    import unittest
    unittest.main()
