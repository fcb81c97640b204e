"""The prompt hooks in real interactive shells: bash, zsh and fish in a pseudo-terminal."""

import json
import os
import shutil
import unittest

from fake import fake_toolkit
from sealed import SealedTest
from terminal import Terminal, missing_shell

SET_BY_US = ("CUDA_HOME", "CUDA_PATH", "CUDACXX", "CUDAToolkit_ROOT", "CUDAENV_STATE", "CUDAENV_TOOLKIT")
NASTY = ["a b", "quo'te", 'dou"ble', "$(touch canary)", "`touch canary`", "new\nline", "-n", "*", "semi;touch canary;", "back\\slash",
         "bang!x", "#hash", "~", "\u202eright", "tab\tx", "$HOME", "&& touch canary", "|touch canary", "%s%n", "{a,b}", "caf\xe9"]


class Scenarios:
    """One class of these a shell; `kind` is its name."""
    kind = ""

    def setUp(self):
        if missing_shell(self.kind):
            self.skipTest(missing_shell(self.kind))
        super().setUp()
        self.new = fake_toolkit(self.home, "12.8.1")
        self.old = fake_toolkit(self.home, "11.8.0")
        self.home.write("p/.cudaenv", "12.8\n")
        self.home.write("p/deep/er/x", "")
        self.home.write("q/.cudaenv", "11\n")

    # -- words of each shell ----------------------------------------------------------------------------------
    @property
    def hook(self):
        return f"source '{self.home.prefix}/share/cudaenv/shell/hook.{self.kind}'\n"

    def set(self, name, value):
        return f"set -gx {name} {value}" if self.kind == "fish" else f"export {name}={value}"

    def unset(self, name):
        return f"set -e {name}" if self.kind == "fish" else f"unset {name}"

    def shell(self, rc=None, **options):
        return Terminal(self.home, self.kind, self.hook if rc is None else rc, **options)

    def assertActive(self, shell, tree):
        found = shell.environment()
        self.assertEqual({name: found.get(name) for name in SET_BY_US[:4]},
                         {"CUDA_HOME": str(tree), "CUDA_PATH": str(tree), "CUDACXX": f"{tree}/bin/nvcc", "CUDAToolkit_ROOT": str(tree)})
        self.assertEqual(found["PATH"].split(":")[0], f"{tree}/bin")
        self.assertEqual(found["PATH"].split(":").count(f"{tree}/bin"), 1)

    def cd(self, shell, path, timeout=20):
        return shell.run(f"cd '{self.home.work}/{path}'", timeout)

    # -- entering and leaving ---------------------------------------------------------------------------------
    def test_enter_switch_and_leave(self):
        with self.shell() as shell:
            before = shell.environment()
            self.assertFalse(set(SET_BY_US) & set(before), before)
            screen = self.cd(shell, "p/deep/er")
            self.assertActive(shell, self.new)
            self.assertNotIn("error", screen)
            self.assertEqual(shell.written("nvcc").decode().split()[1], "12.8.1")
            self.cd(shell, "q")
            self.assertActive(shell, self.old)
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)

    def test_restores_byte_for_byte(self):
        self.home.configure('library-path = "always"\n')
        for name, value in (("CUDA_HOME", "/old place/it's $(touch canary)"), ("LD_LIBRARY_PATH", "/x::/y"), ("LD_LIBRARY_PATH", ""),
                            ("CUDA_PATH", ""), ("LD_LIBRARY_PATH", "/x:"), ("CUDACXX", "g\"x\\y")):
            with self.subTest(f"{name}={value!r}"), self.shell(env={name: value}) as shell:
                before = shell.environment()
                self.assertEqual(before[name], value)
                self.cd(shell, "p")
                self.assertActive(shell, self.new)
                library = shell.environment()["LD_LIBRARY_PATH"]
                self.assertEqual(library.split(":")[0], f"{self.new}/lib")
                if name == "LD_LIBRARY_PATH" and not value:
                    self.assertEqual(library, f"{self.new}/lib")
                self.cd(shell, "q")
                self.cd(shell, "")
                self.assertEqual(shell.environment(), before)
        self.assertFalse(list(self.home.folder.rglob("canary")))

    def test_keeps_later_edits_of_the_user(self):
        with self.shell() as shell:
            path = shell.environment()["PATH"]
            self.cd(shell, "p")
            shell.run(self.set("PATH", "/mine $PATH /end" if self.kind == "fish" else '"/mine:$PATH:/end"'))
            shell.run(self.set("CUDA_HOME", "/my/own"))
            self.cd(shell, "")
            found = shell.environment()
            self.assertEqual(found["PATH"], f"/mine:{path}:/end")
            self.assertEqual(found["CUDA_HOME"], "/my/own")
            self.assertNotIn("CUDA_PATH", found)

    def test_an_edit_counts_at_once(self):
        with self.shell() as shell:
            self.cd(shell, "p")
            self.assertActive(shell, self.new)
            shell.run("echo 11.8 > .cudaenv")
            self.assertActive(shell, self.old)
            shell.run("rm .cudaenv")
            self.assertNotIn("CUDA_HOME", shell.environment())

    def test_default_and_variable(self):
        with self.shell() as shell:
            shell.run("cudaenv global 11.8")
            self.assertActive(shell, self.old)
            self.cd(shell, "p")
            self.assertActive(shell, self.new)
            shell.run(self.set("CUDAENV_TOOLKIT", "11.8"))
            self.assertActive(shell, self.old)
            shell.run(self.unset("CUDAENV_TOOLKIT"))
            self.assertActive(shell, self.new)
            shell.run("cudaenv global --unset")
            self.cd(shell, "")
            self.assertNotIn("CUDA_HOME", shell.environment())

    # -- what is wrong is said once ---------------------------------------------------------------------------
    def test_missing_toolkit_is_said_once_and_the_old_one_goes(self):
        self.home.write("missing/.cudaenv", "# first\n99.1\n")
        with self.shell() as shell:
            before = shell.environment()
            self.cd(shell, "p")
            screen = self.cd(shell, "missing")
            self.assertIn("toolkit `99.1` is not installed", screen)
            self.assertIn("missing/.cudaenv:2", screen)
            self.assertIn("hint: cudaenv install 99.1", screen)
            self.assertEqual(shell.environment(), before)
            self.assertNotIn("99.1", shell.run(":"))

    def test_malformed_file_is_said_once(self):
        self.home.write("bad/.cudaenv", 'toolkit = "12.8"\nurl = "x"\n')
        with self.shell() as shell:
            before = shell.environment()
            self.cd(shell, "p")
            screen = self.cd(shell, "bad")
            self.assertIn("/bad/.cudaenv:2:1", screen)
            self.assertEqual(shell.environment(), before)
            self.assertNotIn("error", shell.run(":"))

    def test_hostile_files_do_not_hang_the_prompt(self):
        self.home.write("fifo/x", "")
        os.mkfifo(self.home.work / "fifo/.cudaenv")
        self.home.write("zero/x", "")
        (self.home.work / "zero/.cudaenv").symlink_to("/dev/zero")
        self.home.write("big/.cudaenv", b"# " + b"x" * 10_000_000)
        self.home.write("bom/.cudaenv", b"\xef\xbb\xbf# hello\r\n12.8\r\n")
        self.home.write("nul/.cudaenv", b"12.8\n\0")
        self.home.write("folder/.cudaenv/x", "")
        self.home.own(self.home.work / "fifo/.cudaenv")
        with self.shell() as shell:
            for name, text in (("fifo", "not a regular file"), ("zero", "not a regular file"), ("big", "larger than 64 KiB"),
                               ("nul", "/.cudaenv:2:"), ("folder", "not a regular file")):
                with self.subTest(name):
                    self.assertIn(text, self.cd(shell, name, timeout=5))
                    self.assertNotIn("CUDA_HOME", shell.environment())
            self.cd(shell, "bom")
            self.assertActive(shell, self.new)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make a file of another owner")
    def test_file_of_another_owner_is_passed_over(self):
        foreign = self.home.write("p/foreign/.cudaenv", "11.8\n")
        os.chown(foreign, 12345, 12345)
        with self.shell() as shell:
            screen = self.cd(shell, "p/foreign")
            self.assertIn("is ignored: it belongs to user 12345", screen)
            self.assertActive(shell, self.new)
            shell.run("echo 11.8 > ../.cudaenv")
            self.assertActive(shell, self.old)

    def test_nothing_of_a_project_is_evaluated(self):
        for number, name in enumerate(NASTY):
            self.home.write(f"n{number}/{name}/.cudaenv", "12.8\n")
        self.home.write("content/.cudaenv", "$(touch canary)\n")
        self.home.write("content2/.cudaenv", 'toolkit = "12.8; touch canary"\n')
        with self.shell() as shell:
            for number, name in enumerate(NASTY):
                with self.subTest(name):
                    shell.run(f"cd '{self.home.work}/n{number}'; cd ./*")
                    self.assertActive(shell, self.new)
            for name in ("content", "content2"):
                self.assertIn("error", self.cd(shell, name))
            self.cd(shell, "")
        self.assertFalse([path for path in self.home.folder.rglob("*") if path.name == "canary"])

    def test_a_root_with_a_nasty_name(self):
        self.home.root = self.home.folder / "ro ot'$(touch canary)`touch canary`\"\\\n!x"
        self.home.env["CUDAENV_ROOT"] = str(self.home.root)
        tree = fake_toolkit(self.home, "12.8.1")
        with self.shell() as shell:
            before = shell.environment()
            self.cd(shell, "p")
            self.assertActive(shell, tree)
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)
        self.assertFalse([path for path in self.home.folder.rglob("*") if path.name == "canary"])

    # -- use --------------------------------------------------------------------------------------------------
    def test_use_wins_until_unset(self):
        with self.shell() as shell:
            before = shell.environment()
            self.cd(shell, "p")
            self.assertEqual(shell.status("cudaenv use 11.8"), 0)
            self.assertActive(shell, self.old)
            self.cd(shell, "p/deep")
            shell.run(":")
            self.assertActive(shell, self.old)
            self.assertEqual(json.loads(shell.written("cudaenv current --json"))["origin"]["kind"], "environment")
            self.assertEqual(shell.status("cudaenv use 12.8"), 0)
            self.assertActive(shell, self.new)
            shell.run("cudaenv use --unset")
            self.assertNotIn("CUDAENV_TOOLKIT", shell.environment())
            self.assertActive(shell, self.new)
            self.cd(shell, "q")
            self.assertActive(shell, self.old)
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)

    def test_use_gives_back_the_variable_that_was_there(self):
        with self.shell(env={"CUDAENV_TOOLKIT": "11.8"}) as shell:
            self.assertActive(shell, self.old)
            shell.run("cudaenv use 12")
            self.assertActive(shell, self.new)
            shell.run("cudaenv use --unset")
            self.assertEqual(shell.environment()["CUDAENV_TOOLKIT"], "11.8")
            self.assertActive(shell, self.old)

    def test_use_of_what_is_not_there_changes_nothing(self):
        with self.shell() as shell:
            self.cd(shell, "p")
            before = shell.environment()
            self.assertEqual(shell.status("cudaenv use 99"), 5)
            self.assertEqual(shell.status("cudaenv use '$(touch canary)'"), 2)
            self.assertEqual(shell.status("cudaenv use"), 2)
            self.assertEqual(shell.status("cudaenv use 99 --json"), 5)
            self.assertEqual(shell.status("cudaenv use --json --no-such-option"), 2)
            self.assertIn("Usage", shell.run("cudaenv use --help"))
            self.assertEqual(shell.environment(), before)
        self.assertFalse(list(self.home.folder.rglob("canary")))

    def test_a_refused_toolkit(self):
        """`use` fails; the prompt says it once and goes on, because a refusal must not keep anybody from compiling."""
        with self.shell(env={"CUDAENV_DRIVER": "11.0", "CUDAENV_GPU": "8.0"}) as shell:
            before = shell.environment()
            self.assertEqual(shell.status("cudaenv use 12.8"), 8)
            self.assertEqual(shell.environment(), before)
            self.assertIn("does not run here", self.cd(shell, "p"))
            self.assertActive(shell, self.new)
            self.assertNotIn("does not run", shell.run(":"))
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)
            self.assertEqual(shell.status("cudaenv use 12.8 --no-verify"), 0)
            self.assertActive(shell, self.new)

    def test_requirements(self):
        self.home.write("torch/.cudaenv", 'toolkit = "12.8"\n[require]\ntorch = "cu128"\n')
        self.home.write("gpu/.cudaenv", 'toolkit = "12.8"\n[require]\ncompute_capability = ">=9.0"\n')
        with self.shell(env={"CUDAENV_DRIVER": "13.0", "CUDAENV_GPU": "8.6"}) as shell:
            self.assertIn("requires torch cu128, and here there is no torch", self.cd(shell, "torch"))
            self.assertNotIn("CUDA_HOME", shell.environment())
            self.home.write("torch/.venv/lib/python3.11/site-packages/torch/version.py", "cuda = '12.8'\n")
            self.cd(shell, "")
            self.cd(shell, "torch")
            self.assertActive(shell, self.new)
            self.assertIn("requires compute capability >=9.0", self.cd(shell, "gpu"))
            self.assertNotIn("CUDA_HOME", shell.environment())
            shell.run(self.set("CUDAENV_GPU", "9.0"))
            self.cd(shell, "")
            self.cd(shell, "gpu")
            self.assertActive(shell, self.new)

    def test_use_without_the_hook_says_how_to_load_it(self):
        with self.shell(rc="") as shell:
            self.assertEqual(shell.status("cudaenv use 12.8"), 2)
            self.assertIn("cudaenv init", shell.run("cudaenv use 12.8"))

    def test_the_function_hands_other_commands_on(self):
        with self.shell() as shell:
            self.cd(shell, "p")
            self.assertEqual(shell.written("cudaenv which nvcc").decode().strip(), f"{self.new}/bin/nvcc")
            self.assertEqual(shell.status("cudaenv which no-such-tool"), 127)

    # -- shells in shells -------------------------------------------------------------------------------------
    def start_again(self, shell, word=""):
        again = {"bash": f"bash --noprofile --noediting --rcfile {shell.folder}/bashrc -i", "zsh": "zsh -d -i",
                 "fish": f"fish --no-config -i -C \"source '{shell.folder}/rc.fish'\""}[self.kind]
        shell.run(f"{word} {again}")

    def test_nested_shell_and_exec(self):
        with self.shell() as shell:
            before = shell.environment()
            self.cd(shell, "p")
            self.start_again(shell)
            self.assertActive(shell, self.new)
            self.cd(shell, "q")
            self.assertActive(shell, self.old)
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)
            shell.run("exit")
            self.assertActive(shell, self.new)
            self.start_again(shell, "exec")
            self.assertActive(shell, self.new)
            self.cd(shell, "")
            self.assertEqual(shell.environment(), before)

    def test_use_survives_exec(self):
        with self.shell() as shell:
            before = shell.environment()
            shell.run("cudaenv use 11.8")
            self.start_again(shell, "exec")
            self.assertActive(shell, self.old)
            shell.run("cudaenv use --unset")
            self.assertEqual(shell.environment(), before)

    def test_a_login_that_sets_path_again(self):
        """tmux starts login shells inside an activated one: /etc/profile sets PATH anew, the state is inherited."""
        with self.shell() as shell:
            self.cd(shell, "p")
            state = shell.environment()
        with self.shell(env=dict(state, PATH="/usr/bin:/bin"), cwd=self.home.work / "p") as shell:
            self.assertActive(shell, self.new)
            self.cd(shell, "")
            self.assertEqual(shell.environment()["PATH"], "/usr/bin:/bin")

    # -- what the hook must not disturb -----------------------------------------------------------------------
    def test_status_survives(self):
        with self.shell() as shell:
            self.assertEqual(shell.status("false"), 1)
            self.assertEqual(shell.status(f"cd '{self.home.work}/p'; sh -c 'exit 42'"), 42)
            self.assertActive(shell, self.new)
            pipestatus = {"bash": "${PIPESTATUS[@]}", "zsh": "$pipestatus", "fish": "$pipestatus"}[self.kind]
            self.assertEqual(shell.after("true | sh -c 'exit 3' | true", pipestatus), "0 3 0")

    def test_no_process_while_nothing_changes(self):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        log = self.home.folder / "trace"
        with self.shell(before=["strace", "-f", "-o", str(log), "-e", "trace=execve,clone,clone3,fork,vfork"],
                        cwd=self.home.work / "p/deep/er") as shell:
            self.assertActive(shell, self.new)

            def started():
                return [line for line in log.read_text().splitlines() if "CLONE_THREAD" not in line and
                        any(f"{call}(" in line for call in ("execve", "clone", "clone3", "fork", "vfork"))]

            self.assertTrue(started())  # the trace does see processes
            before = started()
            for _ in range(5):
                shell.run(":")
            shell.run("cd ..")
            shell.run("cd er")
            self.assertEqual(started()[len(before):], [])
            shell.run("/bin/true")
            self.assertNotEqual(started()[len(before):], [])

    def test_sourcing_starts_no_process(self):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        log = self.home.folder / "trace"
        command = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}[self.kind]
        self.assertWorks(self.home.run("strace", "-f", "-o", log, "-e", "trace=execve,clone,clone3,fork,vfork", *command,
                                       self.hook + "echo ready"))
        started = [line for line in log.read_text().splitlines() if "CLONE_THREAD" not in line and "+++" not in line]
        self.assertEqual(len(started), 1, started)

    def test_init_prints_what_can_be_evaluated(self):
        line = "cudaenv init fish | source\n" if self.kind == "fish" else f'eval "$(cudaenv init {self.kind})"\n'
        with self.shell(rc=line) as shell:
            self.cd(shell, "p")
            self.assertActive(shell, self.new)
            shell.run(line.strip())  # twice does no harm
            self.cd(shell, "")
            self.assertNotIn("CUDA_HOME", shell.environment())
        path = self.assertWorks(self.home.cudaenv("init", self.kind, "--path")).out.strip()
        self.assertTrue(os.path.isfile(path), path)


class BashHook(Scenarios, SealedTest):
    kind = "bash"

    def test_strict_shells(self):
        for options in ("set -u", "set -e", "set -eu", "set -o posix", "set -euo pipefail -o posix", "IFS=/.x", "set -f",
                        "shopt -s nocasematch nullglob failglob", "set -E; trap 'echo trapped' ERR", "alias cudaenv=x"):
            with self.subTest(options), self.shell(rc=options + "\n" + self.hook) as shell:
                before = shell.environment()
                self.assertNotIn("trapped", self.cd(shell, "p"))
                self.assertActive(shell, self.new)
                shell.run("cudaenv use 11.8 || true")
                if "alias" not in options:
                    self.assertActive(shell, self.old)
                shell.run("cudaenv use --unset || true")
                screen = self.cd(shell, "")
                self.assertEqual(shell.environment(), before)
                self.assertNotIn("unbound", screen)

    def test_prompt_command_is_kept(self):
        for rc in ("PROMPT_COMMAND='seen=$?; pipes=\"${PIPESTATUS[*]}\"; '", "PROMPT_COMMAND=('seen=$?' 'pipes=\"${PIPESTATUS[*]}\"')",
                   "PROMPT_COMMAND=('seen=$?; pipes=\"${PIPESTATUS[*]}\"')"):
            with self.subTest(rc), self.shell(rc=f"{rc}\n{self.hook}{self.hook}") as shell:
                self.assertEqual(shell.after("(exit 7)", "$seen"), "7")
                self.cd(shell, "p")
                self.assertActive(shell, self.new)
                self.assertEqual(shell.written("declare -p PROMPT_COMMAND").count(b"__cudaenv_prompt"), 1)

    def test_a_prompt_command_added_later_sees_the_status(self):
        with self.shell(rc=self.hook + "PROMPT_COMMAND+=$'\\n''seen=$?'\n") as shell:
            self.assertEqual(shell.after(f"cd '{self.home.work}/p'; (exit 9)", "$seen"), "9")
            self.assertActive(shell, self.new)


class ZshHook(Scenarios, SealedTest):
    kind = "zsh"

    def test_strict_shells(self):
        for options in ("setopt no_unset", "setopt ksh_arrays sh_word_split", "setopt rc_quotes null_glob", "setopt no_nomatch ksh_glob",
                        "setopt no_case_match glob_subst", "setopt posix_builtins", "typeset -U path", "setopt warn_create_global",
                        "alias cudaenv=x"):
            with self.subTest(options), self.shell(rc=options + "\n" + self.hook) as shell:
                before = shell.environment()
                screen = self.cd(shell, "p")
                self.assertActive(shell, self.new)
                shell.run("cudaenv use 11.8")
                if "alias" not in options:
                    self.assertActive(shell, self.old)
                shell.run("cudaenv use --unset")
                screen += self.cd(shell, "")
                self.assertEqual(shell.environment(), before)
                for word in ("parameter not set", "created globally", "bad "):
                    self.assertNotIn(word, screen)

    def test_cd_in_one_line_counts(self):
        with self.shell() as shell:
            self.assertEqual(shell.written(f"cd '{self.home.work}/p' && nvcc").decode().split()[1], "12.8.1")


class FishHook(Scenarios, SealedTest):
    kind = "fish"

    def test_cd_in_one_line_counts(self):
        with self.shell() as shell:
            self.assertEqual(shell.written(f"cd '{self.home.work}/p'; and nvcc").decode().split()[1], "12.8.1")
