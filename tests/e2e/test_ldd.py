"""`ldd` beside the real dynamic linker, and what it says to people."""

import pathlib
import shutil
import sys
import unittest

from sealed import SealedTest, build_dir, sanitized

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stage"))
import graphs  # noqa: E402


class LddTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (shutil.which("ld") and shutil.which("as")):
            self.skipTest("no binutils to make libraries with")

    def test_random_graphs_resolve_as_the_linker_resolves_them(self):
        """tests/stage/graphs.py has the rules; the whole of it is run by hand with more."""
        libraries, differences = graphs.check_graphs(build_dir() / "bin/cudaenv", 25 if sanitized() else 60, 7)
        self.assertEqual(differences, [])
        self.assertGreater(libraries, 100)

    def library(self, folder, name, *words):
        folder.mkdir(parents=True, exist_ok=True)
        empty = self.home.folder / "empty.o"
        graphs.tool("as", "-o", empty, "/dev/null")
        graphs.tool("ld", "-shared", "--no-as-needed", "-soname", name, "-o", folder / name, empty, *words)
        self.home.own(folder, folder / name)
        return folder / name

    def test_rule_shadow_and_problem_are_named(self):
        new, old = self.home.folder / "new", self.home.folder / "old"
        self.library(old, "libk.so.1")
        found = self.library(new, "libk.so.1")
        missing = self.library(self.home.folder / "gone", "libgone.so.9")
        top = self.library(self.home.folder / "app", "libtop.so", "--enable-new-dtags", "-rpath", str(old), found, missing)
        answer = self.assertWorks(self.home.cudaenv("ldd", top, "--json", env={"LD_LIBRARY_PATH": str(new)})).json
        first = answer["libraries"][0]
        self.assertEqual((first["soname"], first["path"], first["rule"], first["loaded"], first["shadows"]),
                         ("libk.so.1", f"{new}/libk.so.1", "ld_library_path", "needed", [f"{old}/libk.so.1"]))
        self.assertIn("LD_LIBRARY_PATH", first["rule_detail"])
        self.assertEqual(first["needed_by"], str(top))
        self.assertEqual([(one["soname"], one["rule"], one["path"]) for one in answer["libraries"][1:]], [("libgone.so.9", "not-found", "")])
        self.assertEqual([one["kind"] for one in answer["problems"]], ["not-found"])
        text = self.assertWorks(self.home.cudaenv("ldd", top)).out
        self.assertIn(f"libk.so.1 => {old}/libk.so.1\n    by runpath: {old} in the RUNPATH of {top}", text)
        self.assertIn("libgone.so.9 => not found", text)

    def test_wrong_class_is_passed_over_and_said(self):
        wrong, right = self.home.folder / "wrong", self.home.folder / "right"
        data = bytearray(self.library(right, "libk.so.1").read_bytes())
        data[4] = 1
        wrong.mkdir()
        (wrong / "libk.so.1").write_bytes(data)
        self.home.own(wrong, wrong / "libk.so.1")
        top = self.library(self.home.folder / "app", "libtop.so", right / "libk.so.1")
        answer = self.home.cudaenv("ldd", top, "--json", "--library-path", f"{wrong}:{right}").json
        self.assertEqual(answer["libraries"][0]["path"], f"{right}/libk.so.1")
        self.assertEqual([one["kind"] for one in answer["problems"]], ["wrong-class"])

    def test_what_is_no_object(self):
        text = self.home.write("k.cu", "__global__ void k() {}\n")
        self.assertRefuses(self.home.cudaenv("ldd", text), 7, "as ELF")
        self.assertRefuses(self.home.cudaenv("ldd", self.home.folder / "nowhere"), 9, "nowhere")

    def test_a_program_is_not_run(self):
        script = self.home.folder / "ran"
        source = self.home.folder / "evil.c"
        source.write_text('#include <stdio.h>\n__attribute__((constructor)) static void begin(void) { fopen("%s", "w"); }\nint main(void) { return 0; }\n' % script)
        if not shutil.which("gcc"):
            self.skipTest("no gcc")
        graphs.tool("gcc", "-o", self.home.folder / "evil", source)
        self.home.own(self.home.folder / "evil")
        answer = self.assertWorks(self.home.cudaenv("ldd", self.home.folder / "evil", "--json")).json
        self.assertIn("libc.so.6", [one["soname"] for one in answer["libraries"]])
        self.assertFalse(script.exists())


if __name__ == "__main__":
    unittest.main()
