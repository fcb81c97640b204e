"""The shim: which tool it becomes, who may choose it, and what it says when it cannot."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from sealed import SOURCE, SealedTest, build_dir

# Prints who it is, its arguments and what a shim passes on; ends as it is told.
TOOL = r"""#!/bin/sh
printf 'tool=%s\n' "$0"
printf 'toolkit=%s\n' '@VERSION@'
for word; do printf 'word=[%s]\n' "$word"; done
printf 'depth=%s\n' "$CUDAENV_SHIM_DEPTH"
printf 'wish=%s\n' "$CUDAENV_TOOLKIT"
printf 'kept=%s\n' "$KEPT"
case $1 in exit) exit "$2" ;; kill) kill -"$2" $$ ;; esac
"""


class ShimTest(SealedTest):
    def setUp(self):
        super().setUp()
        self.shim = self.home.prefix / "libexec" / "cudaenv" / "cudaenv-shim"
        self.shims = self.home.root / "shims"
        self.folder(self.shims)
        for tool in ("nvcc", "ptxas", "cicc", "cuda-gdb"):
            (self.shims / tool).symlink_to(self.shim)
        self.folder(self.home.root / "names")

    # -- what a test is made of ---------------------------------------------------------------------------------
    def folder(self, path):
        missing = [each for each in [path, *path.parents] if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        self.home.own(*missing)
        return path

    def toolkit(self, version, tools=("bin/nvcc",), text=TOOL, root=None):
        """An installed toolkit of shell scripts; the path of its folder."""
        root = root or self.home.root
        identity = "id" + re.sub(r"\W", "_", version)
        for tool in tools:
            self.home.write(root / "toolkits" / identity / tool, text.replace("@VERSION@", version), 0o755)
        self.folder(root / "names")
        (root / "names" / version).symlink_to(f"../toolkits/{identity}")
        return root / "toolkits" / identity

    def link(self, at, target):
        path = self.home.work / at
        self.folder(path.parent)
        path.symlink_to(target)
        self.home.own(path)
        return path

    def nvcc(self, *words, tool="nvcc", **options):
        return self.home.run(self.shims / tool, *words, **options)

    def assertRuns(self, version, *words, **options):
        ran = self.assertWorks(self.nvcc(*words, **options))
        self.assertIn(f"toolkit={version}\n", ran.out, str(ran))
        return ran


class ChoiceTest(ShimTest):
    def test_precedence(self):
        for version in ("11.8.0", "12.4.1", "12.8.1", "13.0.2"):
            self.toolkit(version)
        self.home.write(self.home.root / "default", "11.8\n")
        self.assertRuns("11.8.0")
        self.home.write(".cudaenv", "12.4\n")
        self.assertRuns("12.4.1")
        self.assertRuns("12.8.1", env={"CUDAENV_TOOLKIT": "12.8"})
        self.assertRuns("13.0.2", "+13", env={"CUDAENV_TOOLKIT": "12.8"})
        self.assertRuns("12.4.1", env={"CUDAENV_TOOLKIT": ""})  # empty is unset

    def test_newest_that_matches(self):
        for version in ("12.8.0", "12.8.1", "12.10.0", "13.0.2", "13.4.0rc1"):
            self.toolkit(version)
        for spec, version in (("12.8", "12.8.1"), ("12", "12.10.0"), ("12.8.0", "12.8.0"), ("latest", "13.0.2"),
                              (">=12.4,<13", "12.10.0"), (">=12.4, <12.10", "12.8.1"), ("13.4.0rc1", "13.4.0rc1")):
            self.assertRuns(version, "+" + spec)
        self.assertRefuses(self.nvcc("+13.4"), 127, "`13.4` is not installed")

    def test_many_toolkits_are_all_seen(self):
        for minor in range(150):
            self.toolkit(f"12.{minor}.0")
        self.assertRuns("12.149.0", "+12")
        self.assertRuns("12.0.0", "+12.0")

    def test_links_of_the_user_and_system(self):
        tree = self.home.work / "somewhere else" / "cuda"
        self.home.write(tree / "bin" / "nvcc", TOOL.replace("@VERSION@", "linked"), 0o755)
        (self.home.root / "names" / "mine-1").symlink_to(tree)
        ran = self.assertRuns("linked", "+mine-1")
        self.assertIn(f"tool={tree}/bin/nvcc\n", ran.out)
        if not pathlib.Path("/usr/local/cuda").exists():
            self.assertRefuses(self.nvcc("+system"), 127, "`system` is not installed", "`+system`", "hint: cudaenv list")

    def test_a_name_that_is_a_folder_and_links_with_dots(self):
        toolkit = self.toolkit("12.8.1")
        (self.home.root / "names" / "12.9.0").symlink_to("../toolkits/../toolkits/./" + toolkit.name + "//")
        self.assertIn(f"tool={toolkit}/bin/nvcc\n", self.assertRuns("12.8.1", "+12.9").out)
        self.home.write(self.home.root / "names" / "folder" / "bin" / "nvcc", TOOL.replace("@VERSION@", "folder"), 0o755)
        self.assertRuns("folder", "+folder")

    def test_root_by_xdg_and_home(self):
        data = self.home.folder / "data"
        self.toolkit("12.1.0", root=data / "cudaenv")
        self.toolkit("12.2.0", root=self.home.home / ".local" / "share" / "cudaenv")
        self.assertRuns("12.1.0", "+12", env={"CUDAENV_ROOT": None, "XDG_DATA_HOME": data})
        self.assertRuns("12.2.0", "+12", env={"CUDAENV_ROOT": "", "XDG_DATA_HOME": None})
        self.assertRuns("12.2.0", "+12", env={"CUDAENV_ROOT": None, "XDG_DATA_HOME": "relative"})
        self.assertRefuses(self.nvcc(env={"CUDAENV_ROOT": "relative"}), 3, "`relative` is not an absolute path", "hint: export")
        self.assertRefuses(self.nvcc(env={"CUDAENV_ROOT": None, "HOME": None}), 3, "neither CUDAENV_ROOT nor HOME")

    def test_default_may_be_missing_or_wrong(self):
        self.toolkit("12.8.1")
        self.assertRefuses(self.nvcc(), 127, "no toolkit is chosen here", "installed: 12.8.1", "hint: cudaenv local 12.8.1",
                           "cudaenv global 12.8.1")
        self.home.write(self.home.root / "default", "nonsense/\n")
        self.assertRefuses(self.nvcc(), 3, f"{self.home.root}/default:1:1")

    def test_nothing_installed_and_nothing_chosen(self):
        self.assertRefuses(self.nvcc(), 127, "no toolkit is chosen", "hint: cudaenv install latest")
        shutil.rmtree(self.home.root / "names")
        self.assertRefuses(self.nvcc("+12.8"), 127, "hint: cudaenv install 12.8")


class WalkTest(ShimTest):
    def setUp(self):
        super().setUp()
        for version in ("12.4.1", "12.8.1"):
            self.toolkit(version)

    def test_nearest_file_wins_from_any_depth(self):
        self.home.write(".cudaenv", "12.4\n")
        deep = self.folder(self.home.work.joinpath(*"abcdefgh"))
        self.assertRuns("12.4.1", cwd=deep)
        self.home.write("a/b/.cudaenv", "12.8\n")
        self.assertRuns("12.8.1", cwd=deep)
        self.assertRuns("12.4.1", cwd=self.home.work / "a")

    def test_deeper_than_the_ladder(self):
        self.home.write(".cudaenv", "12.8\n")
        self.assertRuns("12.8.1", cwd=self.folder(self.home.work.joinpath(*["d"] * 90)))

    def test_ends_at_the_home_folder(self):
        self.home.write(self.home.folder / ".cudaenv", "12.8\n")
        inside = self.folder(self.home.home / "project")
        self.assertRefuses(self.nvcc(cwd=inside), 127, "no toolkit is chosen")
        self.assertRefuses(self.nvcc(cwd=inside, env={"HOME": f"{self.home.home}//"}), 127, "no toolkit is chosen")
        self.home.write(self.home.home / ".cudaenv", "12.4\n")
        self.assertRuns("12.4.1", cwd=inside)  # the home folder's own file counts
        self.assertRuns("12.8.1", cwd=self.home.work)

    def test_parents_are_those_of_the_link_a_person_went_through(self):
        self.home.write("real/.cudaenv", "12.4\n")
        self.home.write("shown/.cudaenv", "12.8\n")
        target = self.folder(self.home.work / "real" / "project")
        link = self.link("shown/project", target)
        self.assertRuns("12.8.1", cwd=link)
        self.assertRuns("12.4.1", cwd=target)
        # $PWD of another folder is not believed.
        self.assertRuns("12.4.1", cwd=target, env={"KEPT": "x"})
        ran = self.home.sh(f'cd -P "{target}" && PWD="{self.home.work}/shown" && export PWD && exec "{self.shims}/nvcc"')
        self.assertIn("toolkit=12.4.1", ran.out, str(ran))

    def test_file_without_toolkit_leaves_it_to_the_default(self):
        self.home.write(self.home.root / "default", "12.4\n")
        self.home.write(".cudaenv", 'components = ["nvcc"]\n')
        self.assertRuns("12.4.1")

    def test_deleted_working_directory(self):
        self.home.write(".cudaenv", "12.8\n")
        self.home.write(self.home.root / "default", "12.4\n")
        ran = self.home.sh(f'mkdir gone && cd gone && rmdir ../gone && exec "{self.shims}/nvcc"')
        self.assertIn("toolkit=12.4.1", ran.out, str(ran))

    def test_parent_that_may_not_be_searched(self):
        self.home.write(self.home.root / "default", "12.4\n")
        self.home.write("closed/.cudaenv", "12.8\n")
        inside = self.folder(self.home.work / "closed" / "inside")
        ran = self.home.sh(f'cd inside && chmod 0 .. && "{self.shims}/nvcc"; status=$?; chmod 755 "{inside.parent}"; exit $status',
                           cwd=inside.parent)
        self.assertIn("toolkit=12.4.1", self.assertWorks(ran).out)

    def test_folders_with_odd_names(self):
        for name in ("with space", "$(touch pwned)", "new\nline", "é\udcff", "a'b\"c", "-dash", "..."):
            self.home.write(pathlib.Path(name) / ".cudaenv", "12.8\n")
            self.assertRuns("12.8.1", cwd=self.folder(self.home.work / name / "in"))
        self.home.write("new\nline/.cudaenv", "broken = \n")
        self.assertRefuses(self.nvcc(cwd=self.home.work / "new\nline"), 3, "new\\x0aline/.cudaenv:1:1")
        self.assertEqual(list(self.home.folder.rglob("pwned")), [])

    def test_another_file_system_ends_the_walk(self):
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("needs root and unshare to mount a file system")
        self.home.write(".cudaenv", "12.8\n")
        self.home.write(self.home.root / "default", "12.4\n")
        self.folder(self.home.work / "mount")
        nvcc = self.shims / "nvcc"
        script = (f'mount -t tmpfs none mount 2>/dev/null || exit 77; cd mount; mkdir -p a/b; cd a/b; "{nvcc}"; '
                  f'echo 12.8 > ../.cudaenv; "{nvcc}"')
        ran = subprocess.run(["unshare", "-m", "/bin/sh", "-c", script], cwd=self.home.work, capture_output=True, text=True,
                             env={**self.home.env, "PWD": str(self.home.work)})
        if ran.returncode == 77:
            self.skipTest("may not mount a tmpfs here")
        self.assertEqual(re.findall(r"toolkit=(.*)", ran.stdout), ["12.4.1", "12.8.1"], ran)


class FileTest(ShimTest):
    """`.cudaenv` comes with any repository."""

    def setUp(self):
        super().setUp()
        self.toolkit("12.8.1")

    def test_what_is_accepted(self):
        for text in ("12.8", "12.8\r\n", "\ufeff12.8\n", "# why\n\n  12.8  # here\n", 'toolkit = "12.8"\n',
                     "\ufeff# c\r\ntoolkit = '12.8' # c\r\ncomponents = [\r\n 'nvcc',\r\n]\r\n[require]\r\ndriver = '>=1'\r\n"):
            self.home.write(".cudaenv", text)
            self.assertRuns("12.8.1")

    def test_what_is_wrong_has_a_place(self):
        for text, place in (("", "1:1"), ("12.8\n13.0\n", "2:1"), ("toolkit = 12.8\n", "1:11"), ("\n\n [other]\n", "3:3"),
                            ("../../etc\n", "1:1"), ("12.8\0\n", "1:5"), ("[.", "1:2"), ("$(touch pwned)\n", "1:1"),
                            ("# \udcff\n12.8", "1:3"), ('toolkit = "12.8"\nhook = "x"\n', "2:1")):
            self.home.write(".cudaenv", text.encode("utf-8", "surrogateescape"))
            ran = self.nvcc()
            self.assertRefuses(ran, 3, f"{self.home.cwd}/.cudaenv:{place}`: ")
            self.assertEqual(ran.out, "")
            self.assertEqual(ran.err.count("\n"), 1, str(ran))

    def test_what_is_no_regular_file(self):
        path = self.home.work / ".cudaenv"
        self.folder(path)
        self.assertRefuses(self.nvcc(timeout=5), 3, "not a regular file")
        path.rmdir()
        os.mkfifo(path)
        self.home.own(path)
        self.assertRefuses(self.nvcc(timeout=5), 3, "not a regular file")
        path.unlink()
        for device in ("/dev/zero", "/dev/stdin", "/dev/tty"):
            self.link(".cudaenv", device)
            ran = self.nvcc(timeout=5)
            self.assertEqual((ran.status, ran.out), (3 if "regular" in ran.err else ran.status, ""), str(ran))
            self.assertIn(ran.status, (3, 127), str(ran))  # a terminal of another user is passed over
            path.unlink()

    def test_too_large(self):
        self.home.write(".cudaenv", b"12.8\n#" + b"x" * (10 << 20))
        self.assertRefuses(self.nvcc(timeout=5), 3, "larger than 64 KiB")
        self.home.write(".cudaenv", b"12.8\n#" + b"x" * (65536 - 6))
        self.assertRuns("12.8.1")
        self.home.write(".cudaenv", b"12.8\n#" + b"x" * (65536 - 5))
        self.assertRefuses(self.nvcc(timeout=5), 3, "larger than 64 KiB")

    def test_links(self):
        self.home.write("elsewhere", "12.8\n")
        self.link(".cudaenv", "elsewhere")
        self.assertRuns("12.8.1")
        (self.home.work / ".cudaenv").unlink()
        self.link(".cudaenv", "nowhere")  # as if it were not there
        self.assertRefuses(self.nvcc(), 127, "no toolkit is chosen")
        (self.home.work / ".cudaenv").unlink()
        self.link(".cudaenv", ".cudaenv")  # a loop
        self.assertRefuses(self.nvcc(timeout=5), 127, "no toolkit is chosen")

    def test_unreadable(self):
        self.home.write(".cudaenv", "12.8\n", 0o000)
        self.assertRefuses(self.nvcc(), 3, ".cudaenv`: it cannot be opened: permission denied")

    def test_of_another_owner(self):
        if self.home.uid is None:
            self.skipTest("needs root to give a file to another user")
        inside = self.folder(self.home.work / "in")
        self.home.write(".cudaenv", "12.8\n")
        path = self.home.write("in/.cudaenv", "99\n")
        os.chown(path, 12345, 12345)
        ran = self.assertRuns("12.8.1", cwd=inside)
        self.assertEqual(ran.err, f"cudaenv: warning: `{inside}/.cudaenv` is ignored: it belongs to user 12345\n")
        # A link of another owner, even to a file of ours.
        path.unlink()
        self.home.write("in/good", "99\n")
        self.link("in/.cudaenv", "good")
        os.chown(path, 12345, 12345, follow_symlinks=False)
        self.assertIn("12345", self.assertRuns("12.8.1", cwd=inside).err)
        # A file of root is as good as ours.
        path.unlink()
        (self.home.work / "in" / ".cudaenv").write_text("12.8\n")
        self.assertEqual(self.assertRuns("12.8.1", cwd=inside).err, "")


class BecomeTest(ShimTest):
    def setUp(self):
        super().setUp()
        self.path = self.toolkit("12.8.1", ("bin/nvcc", "nvvm/bin/cicc"))
        self.home.write(".cudaenv", "12.8\n")

    def test_arguments_are_passed_on_exactly(self):
        words = ["", "a b", "*", "$(id)", "+12", "--", "é", "-x", "new\nline", '"']
        ran = self.assertRuns("12.8.1", *words)
        self.assertEqual(re.findall(r"word=\[(.*?)\]\n", ran.out, re.S), words)
        # Only a first argument is a wish, and it is taken out.
        self.assertEqual(re.findall(r"word=\[(.*?)\]\n", self.assertRuns("12.8.1", "+12.8", "+13", "x").out), ["+13", "x"])
        self.assertEqual(re.findall(r"word=\[(.*?)\]\n", self.assertRuns("12.8.1", "+").out), ["+"])

    def test_argv0_is_the_real_path(self):
        self.assertIn(f"tool={self.path}/bin/nvcc\n", self.assertRuns("12.8.1").out)
        for odd in ("//root", "/./root/", "/root/../root//"):
            ran = self.assertRuns("12.8.1", env={"CUDAENV_ROOT": f"{self.home.folder}{odd}"})
            self.assertIn(f"tool={self.path}/bin/nvcc\n", ran.out)

    def test_nvvm_bin(self):
        self.assertIn(f"tool={self.path}/nvvm/bin/cicc\n", self.assertRuns("12.8.1", tool="cicc").out)

    def test_environment(self):
        ran = self.assertRuns("12.8.1", env={"KEPT": "a b"})
        self.assertIn("depth=1\nwish=\nkept=a b\n", ran.out)
        self.assertIn("depth=4\nwish=12.8\n", self.assertRuns("12.8.1", "+12.8", env={"CUDAENV_SHIM_DEPTH": "3", "CUDAENV_TOOLKIT": "x"}).out)
        for odd in ("", "x", "-1", "99", "3x", "9"):
            self.assertIn("depth=1\n", self.assertRuns("12.8.1", env={"CUDAENV_SHIM_DEPTH": odd}).out)

    def test_no_variable_twice(self):
        self.home.write(self.path / "bin" / "nvcc", "#!/bin/sh\ncat /proc/self/environ\n", 0o755)
        ran = self.assertWorks(self.nvcc("+12.8", env={"CUDAENV_SHIM_DEPTH": "2", "CUDAENV_TOOLKIT": "13"}))
        entries = ran.out.split("\0")
        self.assertEqual([e for e in entries if e.startswith("CUDAENV_SHIM_DEPTH=")], ["CUDAENV_SHIM_DEPTH=3"])
        self.assertEqual([e for e in entries if e.startswith("CUDAENV_TOOLKIT=")], ["CUDAENV_TOOLKIT=12.8"])

    def test_exit_status_and_signals_are_the_tools(self):
        for status in (0, 1, 2, 77, 126, 127, 255):
            self.assertEqual(self.nvcc("exit", status).status, status)
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            self.assertEqual(self.nvcc("kill", int(number)).status, -number)

    def test_a_signal_reaches_the_tool(self):
        self.home.write(self.path / "bin" / "nvcc", "#!/bin/sh\ntrap 'echo caught; exit 5' TERM\necho ready\nwhile :; do sleep 0.05; done\n", 0o755)
        started = self.home.start(self.shims / "nvcc")
        for _ in range(200):
            if "ready" in started.out_so_far():
                break
            time.sleep(0.02)
        os.kill(started.process.pid, signal.SIGTERM)  # the shim's own id: it became the tool
        ran = started.finish(10)
        self.assertEqual((ran.status, ran.out), (5, "ready\ncaught\n"), str(ran))

    def test_standard_input_and_closed_descriptors(self):
        self.home.write(self.path / "bin" / "nvcc", "#!/bin/sh\ncat\nls /proc/self/fd | wc -l\n", 0o755)
        ran = self.home.sh(f'echo through | "{self.shims}/nvcc"')
        bare = self.home.sh(f'echo through | "{self.path}/bin/nvcc"')
        self.assertEqual(self.assertWorks(ran).out, bare.out)  # nothing of the search stays open
        self.assertWorks(self.home.sh(f'"{self.shims}/nvcc" <&- 2>&-'))

    def test_many_arguments_and_variables(self):
        words = ["w" * 1000] * 500
        variables = {f"V{i}": "x" * 500 for i in range(1000)}
        self.assertEqual(self.assertRuns("12.8.1", *words, env=variables).out.count("word="), 500)

    def test_system_calls(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        deep = self.folder(self.home.work.joinpath(*map(str, range(8))))
        log = self.home.folder / "strace"
        counts = []
        for cwd, words in ((deep, ()), (self.home.work, ()), (deep, ("+12.8",))):
            ran = self.home.run("strace", "-f", "-o", log, self.shims / "nvcc", *words, cwd=cwd)
            if ran.status != 0:
                self.skipTest(f"strace cannot trace here: {ran.err[-200:]}")
            lines = log.read_text().splitlines()
            last = [i for i, line in enumerate(lines) if f'execve("{self.path}/bin/nvcc"' in line]
            self.assertEqual(len(last), 1, lines)
            counts.append(last[0] + 1)  # both execve are counted
            self.assertLessEqual(counts[-1], 60)
            self.assertNotIn("socket(", "\n".join(lines[: last[0]]))
        print(f"system calls: {counts[0]} at depth 8, {counts[1]} at depth 0, {counts[2]} with +SPEC ...", end=" ")

    def test_it_is_static_and_small(self):
        content = self.shim.read_bytes()
        self.assertEqual(content[:4], b"\x7fELF")
        entries = int.from_bytes(content[0x36:0x38], "little"), int.from_bytes(content[0x38:0x3A], "little")
        offset = int.from_bytes(content[0x20:0x28], "little")
        kinds = [int.from_bytes(content[offset + i * entries[0]:][:4], "little") for i in range(entries[1])]
        self.assertNotIn(3, kinds)  # PT_INTERP
        self.assertNotIn(2, kinds)  # PT_DYNAMIC
        self.assertEqual(kinds.count(1), 1)  # one PT_LOAD: one mapping


class RefusalTest(ShimTest):
    def test_missing_toolkit_names_who_asked_and_the_command(self):
        self.toolkit("12.4.1")
        self.home.write("p/.cudaenv", "\n# c\n12.8\n")
        self.assertRefuses(self.nvcc(cwd=self.home.work / "p"), 127, "cannot run `nvcc`: toolkit `12.8` is not installed",
                           f"(set by {self.home.work}/p/.cudaenv:3)", "installed: 12.4.1", "hint: cudaenv install 12.8\n")
        self.assertRefuses(self.nvcc(env={"CUDAENV_TOOLKIT": ">=13,<14"}), 127, "(set by $CUDAENV_TOOLKIT)",
                           "hint: cudaenv install '>=13,<14'\n")
        self.assertRefuses(self.nvcc("+11"), 127, "(set by `+11`)", "hint: cudaenv install 11\n")
        self.home.write(self.home.root / "default", "10\n")
        self.assertRefuses(self.nvcc(), 127, f"(set by the default, {self.home.root}/default:1)")
        self.assertRefuses(self.nvcc("+unknown"), 127, "hint: cudaenv link PATH unknown")

    def test_missing_tool_names_who_has_it(self):
        self.toolkit("12.4.1", ("bin/nvcc", "bin/ptxas"))
        self.toolkit("12.8.1", ("bin/nvcc",))
        self.toolkit("13.0.2", ("bin/ptxas",))
        self.home.write(".cudaenv", "12.8\n")
        ran = self.nvcc(tool="ptxas")
        self.assertRefuses(ran, 127, "toolkit `12.8.1` does not have it", "/.cudaenv:1)", "hint: cudaenv install 12.8.1 --with nvcc\n")
        self.assertEqual(set(re.search(r"it is in (.*)", ran.err)[1].split(", ")), {"12.4.1", "13.0.2"})
        self.assertRefuses(self.nvcc(tool="cicc"), 127, "hint: cudaenv install 12.8.1 --with nvcc\n")

    def test_the_systems_tool_is_never_taken(self):
        trap = self.home.write("path/nvcc", "#!/bin/sh\ntouch \"$HOME/taken\"\n", 0o755)
        ran = self.nvcc(env={"PATH": f"{trap.parent}:/usr/bin:/bin"})
        self.assertEqual(ran.status, 127)
        self.assertFalse((self.home.home / "taken").exists())

    def test_bad_wishes(self):
        self.assertRefuses(self.nvcc("+../x"), 2, "cannot use `+../x`")
        self.assertRefuses(self.nvcc("+1" + "2" * 300), 2, "128 characters")
        self.assertRefuses(self.nvcc(env={"CUDAENV_TOOLKIT": "a\x1b[31mb"}), 3, "$CUDAENV_TOOLKIT `a\\x1b[31mb`")

    def test_lost_folder_and_tools_that_cannot_be_run(self):
        path = self.toolkit("12.8.1", ("bin/nvcc", "bin/ptxas", "bin/cuda-gdb"))
        self.home.write(path / "bin" / "nvcc", "no program", 0o644)
        self.assertRefuses(self.nvcc("+12"), 126, f"`{path}/bin/nvcc`: permission denied")
        self.home.write(path / "bin" / "ptxas", "no program", 0o755)
        self.assertRefuses(self.nvcc("+12", tool="ptxas"), 126, f"`{path}/bin/ptxas`: not a program")
        self.home.write(path / "bin" / "cuda-gdb", "#!/no/interpreter\n", 0o755)
        self.assertRefuses(self.nvcc("+12", tool="cuda-gdb"), 126, "its interpreter is missing")
        shutil.rmtree(path)
        self.assertRefuses(self.nvcc("+12"), 127, "`12.8.1` has lost its folder", "hint: cudaenv install 12.8.1\n")

    def test_recursion_ends(self):
        path = self.toolkit("12.8.1")
        self.home.write(path / "bin" / "nvcc", f'#!/bin/sh\necho x >> "$HOME/rounds"\nexec nvcc "$@"\n', 0o755)
        ran = self.nvcc("+12.8", env={"PATH": f"{self.shims}:/usr/bin:/bin"}, timeout=20)
        self.assertRefuses(ran, 126, "shims called each other 8 times", "a wrapper named `nvcc`", "hint: cudaenv which nvcc")
        self.assertEqual((self.home.home / "rounds").read_text(), "x\n" * 8)

    def test_a_tool_in_the_toolkit_that_is_the_shim_itself(self):
        path = self.toolkit("12.8.1")
        (path / "bin" / "nvcc").unlink()
        (path / "bin" / "nvcc").symlink_to(self.shim)
        self.assertRefuses(self.nvcc("+12.8", timeout=20), 126, "shims called each other 8 times")

    def test_nested_shims_stay_in_the_toolkit_of_the_wish(self):
        self.toolkit("12.4.1", ("bin/nvcc", "bin/ptxas"))
        path = self.toolkit("12.8.1", ("bin/nvcc", "bin/ptxas"))
        self.home.write(path / "bin" / "nvcc", "#!/bin/sh\nexec ptxas\n", 0o755)
        self.home.write(".cudaenv", "12.4\n")
        self.assertRuns("12.8.1", "+12.8", env={"PATH": f"{self.shims}:/usr/bin:/bin"})

    def test_what_only_the_manager_knows(self):
        for spec in ("driver", "torch"):
            self.assertRefuses(self.nvcc("+" + spec), 127, f"only the manager can tell what `{spec}` is", "libexec/cudaenv` is missing",
                               f"hint: cudaenv run +{spec} -- nvcc")
        self.home.write(self.home.root / "libexec" / "cudaenv", '#!/bin/sh\nfor w; do printf "[%s]" "$w"; done\necho " $CUDAENV_SHIM_DEPTH $CUDAENV_TOOLKIT"\nexit 9\n', 0o755)
        ran = self.nvcc("+driver", "a b", "-c")
        self.assertEqual((ran.status, ran.out), (9, "[run][+driver][--][nvcc][a b][-c] 1 driver\n"), str(ran))
        self.home.write(".cudaenv", 'toolkit = "torch"\n')
        ran = self.nvcc("x")
        self.assertEqual((ran.status, ran.out), (9, "[run][+torch][--][nvcc][x] 1 \n"), str(ran))

    def test_called_by_its_own_name(self):
        ran = self.home.run(self.shim, "x")
        self.assertEqual(ran.status, 2)
        self.assertIn("runs a CUDA tool", ran.err)

    def test_privileged(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to make a set-user-ID program")
        self.toolkit("12.8.1")
        copy = self.home.root / "nvcc"
        shutil.copy(self.shim, copy)
        os.chmod(copy, 0o4755)
        ran = self.home.run(copy, "+12.8")
        if "toolkit=" in ran.out and os.statvfs(copy).f_flag & os.ST_NOSUID:
            self.skipTest("the file system ignores set-user-ID")
        self.assertRefuses(ran, 126, "another user's rights")

    def test_paths_at_the_limit(self):
        self.toolkit("12.8.1")
        long_root = "/" + "/".join(["r" * 200] * 21)
        ran = self.nvcc("+12.8", env={"CUDAENV_ROOT": long_root})
        self.assertIn(ran.status, (3, 127), str(ran))
        self.assertIn("error:", ran.err)
        deep = self.home.work
        for _ in range(18):
            deep = self.folder(deep / ("d" * 200))
        self.home.write(".cudaenv", "12.8\n")
        self.assertRuns("12.8.1", cwd=deep)

    def test_no_arguments_at_all(self):
        if shutil.which("bash") is None:
            self.skipTest("bash is not installed (its exec -a sets argv[0])")
        self.assertEqual(self.home.run("bash", "-c", f'exec -a "" "{self.shims}/nvcc"').status, 2)
        self.assertEqual(self.home.run("bash", "-c", f'exec -a "a/" "{self.shims}/nvcc"').status, 2)


class ToolsTest(unittest.TestCase):
    def test_every_tool_has_a_component_and_the_shim_knows_it(self):
        try:
            import tomllib
        except ImportError:
            self.skipTest("needs Python 3.11 (tomllib)")
        share = build_dir() / "share" / "cudaenv" / "tools.toml"
        tools = tomllib.loads(share.read_text())["tools"]
        self.assertGreater(len(tools), 15)
        self.assertIn("cudafe++", tools)
        components = tomllib.loads((SOURCE / "manifests" / "components.toml").read_text())["component"]
        content = (build_dir() / "libexec" / "cudaenv" / "cudaenv-shim").read_bytes()
        for tool, component in tools.items():
            self.assertRegex(tool, r"^[A-Za-z0-9][A-Za-z0-9+_.-]*$")
            self.assertIn(component, components)
            self.assertIn(tool.encode() + b"\0", content)


if __name__ == "__main__":
    unittest.main()
