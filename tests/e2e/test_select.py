"""Choosing a toolkit and asking about it: local, global, current, which, whence, prefix, run, env, config, completions."""

import os
import shutil
import signal
import time

from fake import fake_toolkit
from sealed import SealedTest, build_dir, sanitized


class Chosen(SealedTest):
    def setUp(self):
        super().setUp()
        self.new = fake_toolkit(self.home, "12.8.1")
        self.old = fake_toolkit(self.home, "11.8.0", tools=("nvcc", "nvprof"))

    def current(self, *words, **options):
        return self.assertWorks(self.home.cudaenv("current", *words, **options))


class SelectTest(Chosen):
    def test_precedence_and_origin(self):
        self.assertEqual(self.current().out, "")
        self.assertEqual(self.current("--json").json["origin"]["kind"], "none")
        self.assertWorks(self.home.cudaenv("global", "11.8"))
        self.assertEqual(self.current().out, f"11.8.0 (set by default in {self.home.root}/default)\n")
        self.home.write(".cudaenv", "# ours\n12\n")
        self.assertEqual(self.current().out, f"12.8.1 (set by {self.home.cwd}/.cudaenv:2)\n")
        self.assertEqual(self.current("--json").json,
                         {"schema": 1, "spec": "12", "version": "12.8.1", "path": str(self.new),
                          "origin": {"kind": "file", "path": f"{self.home.cwd}/.cudaenv", "line": 2}})
        got = self.current(env={"CUDAENV_TOOLKIT": "11"})
        self.assertEqual(got.out, "11.8.0 (set by $CUDAENV_TOOLKIT)\n")
        prefix = self.home.cudaenv("prefix", "12.8.1", env={"CUDAENV_TOOLKIT": "11"})
        self.assertEqual(prefix.out, f"{self.new}\n")

    def test_specs(self):
        for spec, version in (("12", "12.8.1"), ("12.8.1", "12.8.1"), (">=11,<12", "11.8.0"), ("latest", "12.8.1"), ("!=12.8", "11.8.0")):
            self.assertEqual(self.current(env={"CUDAENV_TOOLKIT": spec}).out.split()[0], version)
        fake_toolkit(self.home, "12.10.0")
        self.assertEqual(self.current(env={"CUDAENV_TOOLKIT": "12"}).out.split()[0], "12.10.0")

    def test_not_installed_names_who_asked_and_what_installs_it(self):
        self.home.write(".cudaenv", "12.9\n")
        for words in (["current"], ["which", "nvcc"], ["prefix"], ["env"], ["run", "true"]):
            self.assertRefuses(self.home.cudaenv(*words), 5, f"toolkit `12.9` is not installed (set by {self.home.cwd}/.cudaenv:1)",
                               "hint: cudaenv install 12.9")
        ran = self.home.cudaenv("current", "--json")
        self.assertEqual((ran.status, ran.json["error"]["code"], ran.json["error"]["exit"]), (5, "not-installed", 5))
        ran = self.home.cudaenv("prefix", ">=14,<15")
        self.assertRefuses(ran, 5, "hint: cudaenv install '>=14,<15'", "set by command line")

    def test_nothing_selected(self):
        self.assertRefuses(self.home.cudaenv("which", "nvcc"), 5, "no toolkit is selected here")

    def test_a_damaged_toolkit_is_never_replaced_in_silence(self):
        fake_toolkit(self.home, "12.9.0")
        tree = fake_toolkit(self.home, "12.9.1")
        (tree / "receipt.toml").write_text("schema = 1\n")
        self.assertRefuses(self.home.cudaenv("prefix", "12.9"), 7, "toolkit `12.9.1` is damaged", "hint: cudaenv install 12.9.1")
        shutil.rmtree(tree)
        self.assertRefuses(self.home.cudaenv("prefix", "12.9"), 7, "toolkit `12.9.1` is damaged")

    def test_bad_pins(self):
        for text in (b"12.8\n\0", b"", b"\xff", b"toolkit = 12.8\n", b"[.", b'toolkit = "12.8"\ntoolkit = "12.8"\n', b"../x", b"$(touch canary)",
                     b'toolkit = "/etc"\n', b'channel = "https://x"\n', b"x" * 70000):
            with self.subTest(text[:30]):
                self.home.write(".cudaenv", text)
                self.assertRefuses(self.home.cudaenv("current"), 3, f"{self.home.cwd}/.cudaenv")
        (self.home.work / ".cudaenv").unlink()
        os.mkfifo(self.home.work / ".cudaenv")
        self.home.own(self.home.work / ".cudaenv")
        self.assertRefuses(self.home.cudaenv("current", timeout=5), 3, "not a regular file")
        self.assertFalse((self.home.work / "canary").exists())
        # A stronger wish does not read the file at all.
        self.assertEqual(self.current(env={"CUDAENV_TOOLKIT": "12"}).out.split()[0], "12.8.1")

    def test_the_walk_ends_at_home(self):
        self.home.write(self.home.folder / ".cudaenv", "12.8\n")
        inside = self.home.home / "p"
        inside.mkdir()
        self.home.own(inside)
        self.assertEqual(self.current("--json", cwd=inside).json["origin"]["kind"], "none")
        self.home.write(self.home.home / ".cudaenv", "11.8\n")
        self.assertEqual(self.current(cwd=inside).out.split()[0], "11.8.0")
        self.assertEqual(self.current().out.split()[0], "12.8.1")

    def test_torch(self):
        self.home.write(".cudaenv", "torch\n")
        self.assertRefuses(self.home.cudaenv("current"), 3, "cannot tell what `torch` means here", ".cudaenv:1")
        version = self.home.write(".venv/lib/python3.11/site-packages/torch/version.py",
                                  "import os; os.system('touch canary')\ncuda: Optional[str] = '11.8'\n")
        self.assertEqual(self.current().out.split()[0], "11.8.0")
        version.write_text("cuda: Optional[str] = '12.6'\n")
        self.assertRefuses(self.home.cudaenv("current"), 5, "`torch` = `12.6` is not installed", "cudaenv install 12.6")
        version.write_text("cuda: Optional[str] = None\n")
        self.assertRefuses(self.home.cudaenv("current"), 3, "a build without CUDA")
        self.home.write("venv2/lib/python3.12/site-packages/torch/version.py", "cuda = '12.8'\n")
        self.assertEqual(self.current(env={"VIRTUAL_ENV": f"{self.home.work}/venv2"}).out.split()[0], "12.8.1")
        self.assertFalse((self.home.work / "canary").exists())

    def test_which_whence_prefix(self):
        self.home.write(".cudaenv", "12.8\n")
        self.assertEqual(self.home.cudaenv("which", "ptxas").out, f"{self.new}/bin/ptxas\n")
        got = self.home.cudaenv("which", "nvcc", "--json").json
        self.assertEqual((got["path"], got["version"], got["origin"]["line"]), (f"{self.new}/bin/nvcc", "12.8.1", 1))
        self.assertRefuses(self.home.cudaenv("which", "nvprof"), 127, "toolkit `12.8.1` has no `nvprof`",
                           "installed toolkits that have it: 11.8.0")
        self.assertRefuses(self.home.cudaenv("which", "../../x"), 127)
        self.assertEqual(self.home.cudaenv("whence", "nvcc").out.split(), ["12.8.1", f"{self.new}/bin/nvcc", "11.8.0", f"{self.old}/bin/nvcc"])
        self.assertEqual(len(self.home.cudaenv("whence", "nvcc", "--json").json["toolkits"]), 2)
        self.assertRefuses(self.home.cudaenv("whence", "nothing"), 127)
        self.assertEqual(self.home.cudaenv("prefix", "--json").json["path"], str(self.new))

    def test_read_only_root(self):
        self.home.write(".cudaenv", "12.8\n")
        for folder in (self.home.root, self.home.root / "names", self.home.root / "toolkits"):
            folder.chmod(0o555)
        self.assertEqual(self.current().out.split()[0], "12.8.1")
        self.assertRefuses(self.home.cudaenv("global", "12.8"), 9)


class LocalTest(Chosen):
    def test_local_writes_keeps_and_warns(self):
        ran = self.assertWorks(self.home.cudaenv("local", "12.8"))
        self.assertEqual((self.home.work / ".cudaenv").read_text(), "12.8\n")
        self.assertNotIn("warning", ran.err)
        self.assertIn("not installed", self.assertWorks(self.home.cudaenv("local", "13.9")).err)
        self.home.write(".cudaenv", '# keep me\r\ntoolkit = "12.8" # here\r\nchannel = "nvidia"\r\n')
        self.assertWorks(self.home.cudaenv("local", "11.8", "--with", "cudnn@9,nccl", "--require", "driver=>=570.26", "--require", "torch=cu128"))
        text = (self.home.work / ".cudaenv").read_bytes().decode()
        self.assertTrue(text.startswith('# keep me\r\ntoolkit = "11.8" # here\r\n'), text)
        self.assertIn('\r\nchannel = "nvidia"\r\n', text)
        for piece in ("cudnn@9", "nccl", '">=570.26"', '"cu128"'):
            self.assertIn(piece, text)
        self.assertEqual(self.home.cudaenv("local").out, f"11.8 (set by {self.home.cwd}/.cudaenv:2)\n")

    def test_local_refuses_what_a_project_may_not_say(self):
        for words in (["../x"], ["$(id)"], ["12.8;x"], ["12.8", "--with", "a b"], ["--with", "/x"], ["--require", "driver"],
                      ["--require", "shell=x"], ["--require", "torch=>=1"], ["--require", "driver=570"]):
            self.assertRefuses(self.home.cudaenv("local", *words), 2)
        self.assertFalse((self.home.work / ".cudaenv").exists())

    def test_local_leaves_a_broken_file_alone(self):
        self.home.write(".cudaenv", "toolkit = [\n")
        self.assertRefuses(self.home.cudaenv("local", "12.8"), 3, ".cudaenv:1:")
        self.assertEqual((self.home.work / ".cudaenv").read_text(), "toolkit = [\n")

    def test_global(self):
        self.assertRefuses(self.home.cudaenv("global"), 2, "no default")
        self.assertWorks(self.home.cudaenv("default", "12.8"))
        self.assertEqual(self.home.cudaenv("global").out.split()[0], "12.8")
        self.assertRefuses(self.home.cudaenv("global", "a/b"), 2)
        self.assertWorks(self.home.cudaenv("global", "--unset"))
        self.assertRefuses(self.home.cudaenv("global"), 2)


class RunTest(Chosen):
    def test_run_is_the_command(self):
        ran = self.assertWorks(self.home.cudaenv("run", "+12.8", "nvcc", "--version", "a b", "--", "-x"))
        self.assertEqual(ran.out, f"nvcc 12.8.1 from {self.new}/bin/nvcc\nargument --version\nargument a b\nargument --\nargument -x\n")
        self.assertEqual(self.home.cudaenv("exec", "+11.8", "--", "nvcc").out.split()[1], "11.8.0")
        self.assertEqual(self.home.cudaenv("run", "+12.8", "sh", "-c", "exit 42").status, 42)
        self.assertEqual(self.home.cudaenv("run", "+12.8", "sh", "-c", "kill -9 $$").status, -9)

    def test_environment_of_run(self):
        ran = self.home.cudaenv("run", "+12.8", "env", env={"CUDA_HOME": "/old", "PATH": f"/usr/bin:{self.new}/bin:/bin"})
        found = dict(line.split("=", 1) for line in ran.out.splitlines())
        self.assertEqual(found["PATH"], f"{self.new}/bin:/usr/bin:/bin")
        self.assertEqual((found["CUDA_HOME"], found["CUDACXX"]), (str(self.new), f"{self.new}/bin/nvcc"))
        self.assertEqual(found["CUDAENV_TOOLKIT"], "12.8.1")
        self.assertNotIn("LD_LIBRARY_PATH", found)
        inner = self.home.cudaenv("run", "+12.8", "cudaenv", "run", "+11.8", "sh", "-c", "echo $PATH; echo $CUDA_HOME; nvcc")
        self.assertNotIn(str(self.new), inner.out)
        self.assertIn("nvcc 11.8.0", inner.out)

    def test_unknown_command(self):
        self.assertRefuses(self.home.cudaenv("run", "+12.8", "no-such-command"), 127, "cannot run `no-such-command`")
        self.assertRefuses(self.home.cudaenv("run", "+12.8", "/no/such/file"), 127)
        self.assertRefuses(self.home.cudaenv("run"), 2)
        self.assertRefuses(self.home.cudaenv("run", "+12.9", "true"), 5, "cudaenv install 12.9")

    def test_term_reaches_the_command(self):
        started = self.home.start_cudaenv("run", "+12.8", "sh", "-c", "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        while "ready" not in started.out_so_far():
            time.sleep(0.01)
        os.kill(started.process.pid, signal.SIGTERM)
        ran = started.finish(10)
        self.assertEqual((ran.status, ran.out), (3, "ready\ngot\n"))

    def test_standard_streams_pass(self):
        ran = self.home.sh("echo hello | cudaenv run +12.8 cat | head -n 1")
        self.assertEqual((ran.out, ran.err), ("hello\n", ""))


class EnvTest(Chosen):
    def test_sh_and_fish_are_evaluated(self):
        for shell, line in (("sh", 'eval "$(cudaenv env 12.8)"; nvcc; printf "%s\\n" "$CUDA_HOME" "$PATH"'),
                            ("bash", 'eval "$(cudaenv env 12.8)"; nvcc; printf "%s\\n" "$CUDA_HOME" "$PATH"'),
                            ("zsh", 'eval "$(cudaenv env 12.8)"; nvcc; printf "%s\\n" "$CUDA_HOME" "$PATH"'),
                            ("fish", 'cudaenv env 12.8 --format fish | source; nvcc; echo $CUDA_HOME; string join : $PATH')):
            with self.subTest(shell):
                if not shutil.which(shell):
                    self.skipTest(f"{shell} is not installed")
                ran = self.assertWorks(self.home.run(shell, "-c", line))
                self.assertEqual(ran.out.splitlines(), [f"nvcc 12.8.1 from {self.new}/bin/nvcc", str(self.new),
                                                        f"{self.new}/bin:{self.home.env['PATH']}"])

    def test_json(self):
        for words in (["--format", "json"], ["--json"]):
            got = self.assertWorks(self.home.cudaenv("env", "12.8", *words)).json
            self.assertEqual(got["schema"], 1)
            self.assertEqual(got["set"], {"CUDA_HOME": str(self.new), "CUDA_PATH": str(self.new), "CUDACXX": f"{self.new}/bin/nvcc",
                                          "CUDAToolkit_ROOT": str(self.new)})
            self.assertEqual(got["prepend"], {"PATH": [f"{self.new}/bin"], "LD_LIBRARY_PATH": []})
            self.assertEqual((got["unset"], len(got["notes"])), ([], 1))
        self.home.configure('library-path = "always"\n')
        self.assertEqual(self.home.cudaenv("env", "12.8", "--json").json["prepend"]["LD_LIBRARY_PATH"], [f"{self.new}/lib"])

    def test_other_formats(self):
        lines = self.home.cudaenv("env", "12.8", "--format", "dotenv").out.splitlines()
        self.assertIn(f"CUDA_HOME={self.new}", lines)
        self.assertIn(f"PATH={self.new}/bin:{self.home.env['PATH']}", lines)
        github = self.home.sh('GITHUB_ENV=$PWD/env GITHUB_PATH=$PWD/path; eval "$(cudaenv env 12.8 --format github)"')
        self.assertWorks(github)
        self.assertEqual((self.home.work / "path").read_text(), f"{self.new}/bin\n")
        self.assertIn(f"CUDA_HOME={self.new}\n", (self.home.work / "env").read_text())
        if shutil.which("cmake"):
            script = self.home.write("env.cmake", self.home.cudaenv("env", "12.8", "--format", "cmake").out +
                                     'execute_process(COMMAND nvcc)\nmessage("$ENV{PATH}|${CMAKE_CUDA_COMPILER}|${CUDAToolkit_ROOT}")\n')
            ran = self.assertWorks(self.home.run("cmake", "-P", script))
            self.assertIn(f"{self.new}/bin:{self.home.env['PATH']}|{self.new}/bin/nvcc|{self.new}", ran.err)
            self.assertIn("nvcc 12.8.1", ran.out)
        for name in ("docker", "modulefile", "lmod"):
            self.assertIn(str(self.new), self.assertWorks(self.home.cudaenv("env", "12.8", "--format", name)).out)
        self.assertRefuses(self.home.cudaenv("env", "12.8", "--format", "tcsh"), 2, "the formats are sh, fish, json")


class ConfigTest(SealedTest):
    def test_values_and_origins(self):
        self.home.configure('jobs = 3\nextra = 1\n[channel.site]\nkind = "redist"\nurl = "file:///srv/m"\n')
        ran = self.assertWorks(self.home.cudaenv("config"))
        self.assertRegex(ran.out, rf"jobs +3 +\({self.home.config}:1\)")
        self.assertRegex(ran.out, r"library-path +auto +\(default\)")
        self.assertRegex(ran.out, rf"channel\.site\.url +file:///srv/m/ +\({self.home.config}:5\)")
        self.assertIn(f"{self.home.config}:2: unknown key `extra`", ran.err)
        got = self.home.cudaenv("config", "--json").json
        jobs = next(one for one in got["settings"] if one["key"] == "jobs")
        self.assertEqual(jobs["origin"], {"kind": "file", "path": str(self.home.config), "line": 1})
        self.assertEqual(len(got["warnings"]), 1)
        self.assertRefuses(self.home.cudaenv("config", "nothing"), 2)

    def test_bad_configuration(self):
        for text, where in (("jobs = 'x'\n", ":1"), ("\nlibrary-path = 3\n", ":2"), ("channels = ['nowhere']\n", "no [channel.nowhere]"),
                            ("[channel.x]\nurl = 'https://x/'\n", "needs `kind`"), ("[channel.x]\nkind = 'redist'\n", "needs `url`"),
                            ("[channel.x]\nkind = 'wheels'\nurl = 'http://example.com/'\n", "plain http"), ("jobs = = 1\n", ":1:")):
            with self.subTest(text):
                self.home.configure(text)
                self.assertRefuses(self.home.cudaenv("config"), 3, where)
        for url in ("http://127.0.0.1:8000/x", "http://localhost/", "http://[::1]:1/"):
            self.home.configure(f"[channel.x]\nkind = 'wheels'\nurl = '{url}'\n")
            self.assertWorks(self.home.cudaenv("config"))
        self.home.configure("[channel.x]\nkind = 'wheels'\nurl = 'http://127.0.0.1@example.com/'\n")
        self.assertRefuses(self.home.cudaenv("config"), 3, "plain http")


class CompletionTest(Chosen):
    def complete(self, *words):
        ran = self.assertWorks(self.home.cudaenv("__complete", len(words) - 1, *words))
        return [line.split("\t")[0] for line in ran.out.splitlines()]

    def test_candidates(self):
        self.assertIn("current", self.complete("cudaenv", ""))
        self.assertNotIn("__complete", self.complete("cudaenv", "__"))
        self.assertEqual(self.complete("cudaenv", "prefi"), ["prefix"])
        self.assertEqual(self.complete("cudaenv", "use", "1"), ["11.8.0", "12.8.1"])
        self.assertIn("driver", self.complete("cudaenv", "use", ""))
        self.assertEqual(self.complete("cudaenv", "run", "+12"), ["+12.8.1"])
        self.assertEqual(self.complete("cudaenv", "which", "nv"), ["nvcc", "nvprof"])
        self.assertEqual(self.complete("cudaenv", "env", "--format", "mod"), ["modulefile"])
        self.assertIn("--unset", self.complete("cudaenv", "use", "--"))
        self.assertNotIn("--hook", self.complete("cudaenv", "use", "--"))
        self.assertEqual(self.complete("cudaenv", "init", "z"), ["zsh"])
        self.assertEqual(self.complete("cudaenv", "no-such-command", ""), [])

    def test_bash(self):
        script = ('eval "$(cudaenv completions bash)"; COMP_WORDS=(cudaenv use 12); COMP_CWORD=2; __cudaenv_complete; echo "${COMPREPLY[@]}"')
        self.assertEqual(self.assertWorks(self.home.run("bash", "-c", script)).out, "12.8.1\n")

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        ran = self.home.run("fish", "--no-config", "-c", "cudaenv completions fish | source; complete -C 'cudaenv use 11'")
        self.assertEqual(ran.out.split("\t")[0], "11.8.0", str(ran))

    def test_zsh_loads(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        ran = self.home.run("zsh", "-f", "-c", "autoload -Uz compinit; compinit -u; eval \"$(cudaenv completions zsh)\"; echo $_comps[cudaenv]")
        self.assertEqual(ran.out, "__cudaenv_complete\n", str(ran))


class LightTest(Chosen):
    def test_reading_starts_nothing_and_loads_no_network(self):
        """What makes these commands take 2 ms can be counted (tests/bench/start has the times): one program with the C and
        the C++ library alone, no process, few system calls."""
        if sanitized():
            self.skipTest("a sanitizer makes system calls of its own")
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        for number in range(8):
            fake_toolkit(self.home, f"12.{number}.0")
        self.home.write(".cudaenv", "12.8\n")
        for words in (["current"], ["which", "nvcc"], ["prefix"], ["env"], ["env", "--hook", "bash"], ["run", "/bin/true"], ["list"]):
            with self.subTest(" ".join(words)):
                self.assertWorks(self.home.cudaenv(*words))  # the first one may prove the toolkit
                log = self.home.folder / "trace"
                ran = self.home.run("strace", "-f", "-o", log, self.home.bin / "cudaenv", *words)
                if "ptrace" in ran.err:
                    self.skipTest("strace may not trace here")
                self.assertWorks(ran)
                calls = [line.split(None, 1)[1] for line in log.read_text().splitlines() if "+++" not in line and "---" not in line]
                self.assertEqual([call for call in calls if call.startswith(("clone", "fork", "vfork"))], [])
                self.assertEqual(sum(call.startswith("execve(") for call in calls), 2 if words[0] == "run" else 1)
                self.assertNotIn("cudaenv-io", "".join(calls))
                self.assertLess(len(calls), 360 if words == ["list"] else 250, words)  # ten toolkits are there


class SpeedTest(Chosen):
    def test_light_commands_take_2_ms(self):
        """More than starting /bin/true takes. The least of many runs, so that other work here does not decide."""
        if sanitized() or "CMAKE_BUILD_TYPE:STRING=Release" not in (build_dir() / "CMakeCache.txt").read_text():
            self.skipTest("times mean something in a Release build only")
        for number in range(8):
            fake_toolkit(self.home, f"12.{number}.0")
        self.home.write(".cudaenv", "12.8\n")
        for words in (["current"], ["which", "nvcc"], ["prefix"], ["env"], ["env", "--hook", "bash"], ["run", "/bin/true"], ["list"]):
            with self.subTest(" ".join(words)):
                self.assertWorks(self.home.cudaenv(*words))  # the first one may prove the toolkit
                least = bare = 1.0
                for _ in range(400):
                    least = min(least, self.home.cudaenv(*words).seconds)
                    bare = min(bare, self.home.run("/bin/true").seconds)
                    if least - bare < 0.0015:
                        break
                self.assertLess(least - bare, 0.002, f"{words}: {least * 1000:.2f} ms, /bin/true {bare * 1000:.2f} ms")
