"""An interactive bash, zsh or fish in a pseudo-terminal, as a person has it.

    with Terminal(home, "bash", rc="source hook.bash\n") as shell:
        shell.run("cd project")
        self.assertEqual(shell.environment()["CUDA_HOME"], path)

run() sends one line and waits until the prompt after it is over, so the prompt hook has done its work. What
a test wants to know is written to files by the shell, never read from the screen; the screen is for messages.
"""

import fcntl
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time

from sealed import TimedOut

SHELLS = ("bash", "zsh", "fish")
ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>])")


def missing_shell(kind):
    return None if shutil.which(kind) else f"{kind} is not installed"


def arguments(kind, folder, rc):
    """The command that starts a shell which reads only `rc`, and the variables it needs for that."""
    if kind == "bash":
        (folder / "bashrc").write_text("PS1='> '\nset +o history\n" + rc)
        return ["bash", "--noprofile", "--noediting", "--rcfile", str(folder / "bashrc"), "-i"], {}
    if kind == "zsh":
        (folder / ".zshrc").write_text("PS1='> '\nunsetopt zle prompt_sp\n" + rc)
        return ["zsh", "-d", "-i"], {"ZDOTDIR": str(folder)}
    (folder / "config" / "fish").mkdir(parents=True, exist_ok=True)
    (folder / "rc.fish").write_text("function fish_prompt; printf '> '; end\nset -g fish_greeting\n" + rc)
    return (["fish", "--no-config", "-i", "-C", f"source '{folder}/rc.fish'"],
            {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "data")})


class Terminal:
    def __init__(self, home, kind, rc="", env=None, cwd=None, before=()):
        """before: words in front of the shell's own command (`strace -o …`)."""
        self.home, self.kind = home, kind
        self.folder = home.folder / f"terminal-{time.monotonic_ns()}"
        self.folder.mkdir()
        command, extra = arguments(kind, self.folder, rc)
        variables = dict(home.env, TERM="dumb", **extra)
        for name, value in (env or {}).items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value
        where = str(cwd or home.cwd)
        variables["PWD"] = where
        home.own(self.folder, *self.folder.rglob("*"))
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        mode = termios.tcgetattr(slave)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)

        def become():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if home.uid is not None:
                os.fchown(0, home.uid, -1)
                os.setgroups([])
                os.setresgid(home.uid, home.uid, home.uid)
                os.setresuid(home.uid, home.uid, home.uid)

        self.process = subprocess.Popen([*before, *command], env=variables, cwd=where, stdin=slave, stdout=slave, stderr=slave,
                                        preexec_fn=become, close_fds=True)
        os.close(slave)
        self.seen, self.count = b"", 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.run("")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.reader.join(2)
        os.close(self.master)

    def _read(self):
        while True:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:
                return
            if not chunk:
                return
            self.seen += chunk

    def _send(self, text):
        data = text.encode("utf-8", "surrogateescape")
        while data:
            data = data[os.write(self.master, data[:512]):]

    def run(self, line, timeout=20):
        """Sends one line; what the screen showed until the prompt after the next one was there."""
        begun = len(self.seen)
        self.count += 1
        mark = self.folder / f"done-{self.count}"
        self._send(f"{line}\n")
        self._send(f"echo {self.count} > {mark}\n")
        deadline = time.monotonic() + timeout
        while not (mark.exists() and mark.read_text().strip()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                ended = f"ended with {self.process.poll()}" if self.process.poll() is not None else f"no answer in {timeout} s"
                raise TimedOut(f"{self.kind}: {line!r}: {ended}; the screen:\n{self.screen(begun)}")
            time.sleep(0.005)
        time.sleep(0.02)
        return self.screen(begun)

    def screen(self, start=0):
        return ESCAPES.sub(b"", self.seen[start:]).replace(b"\r", b"").decode("utf-8", "replace")

    def written(self, command):
        """What `command` writes to its standard output, by way of a file."""
        self.count += 1
        target = self.folder / f"out-{self.count}"
        self.run(f"{command} > {target}")
        return target.read_bytes()

    def environment(self):
        """The exported variables, without those that every command changes."""
        pairs = (entry.split(b"=", 1) for entry in self.written("env -0").split(b"\0") if b"=" in entry)
        found = {name.decode(): value.decode("utf-8", "surrogateescape") for name, value in pairs}
        for name in ("PWD", "OLDPWD", "_", "SHLVL", "COLUMNS", "LINES"):
            found.pop(name, None)
        return found

    def after(self, line, expression, timeout=20):
        """Sends `line` and, at the prompt after it, `echo expression`: what that says. $? as a person would see it."""
        self.count += 1
        target = self.folder / f"after-{self.count}"
        self._send(f"{line}\n")
        self._send(f"echo {expression} > {target}\n")
        deadline = time.monotonic() + timeout
        while not (target.exists() and target.read_text().endswith("\n")):
            if time.monotonic() > deadline:
                raise TimedOut(f"{self.kind}: {line!r}: no answer in {timeout} s; the screen:\n{self.screen()}")
            time.sleep(0.005)
        return target.read_text().strip()

    def status(self, line):
        """The exit status of `line`, seen from the next prompt."""
        return int(self.after(line, "$status" if self.kind == "fish" else "$?"))
