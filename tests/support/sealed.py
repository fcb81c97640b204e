"""A sealed home: the shipped programs run with nothing of this machine's user around them.

    class InstallTest(SealedTest):
        def test_it(self):
            got = self.home.cudaenv("list", "--json")
            self.assertEqual(got.status, 0, got)

Every home is a new folder with its own HOME, CUDAENV_ROOT, CUDAENV_CACHE and CUDAENV_CONFIG, a scrubbed
environment, LC_ALL=C, its own PATH, and a working directory that is reached through a link. When the tests
are started by root the programs run as another user, because root may write everywhere. The folder of a
failed test is kept and named.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
SOURCE = TESTS.parent
NOBODY = 65534
# What a sanitizer, a coverage tool or a compiler cache needs to be told, and nothing else.
KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "TERM", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


def build_dir():
    """The build under test: $CUDAENV_BUILD_DIR, else the newest of build/*."""
    named = os.environ.get("CUDAENV_BUILD_DIR")
    if named:
        return pathlib.Path(named).resolve()
    built = sorted(SOURCE.glob("build/*/bin/cudaenv"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise SystemExit("no build/*/bin/cudaenv: build first, or set CUDAENV_BUILD_DIR")
    return built[-1].parent.parent


def sanitized():
    """Whether the build under test carries a sanitizer (time bounds and system call counts mean nothing then)."""
    cache = build_dir() / "CMakeCache.txt"
    return cache.exists() and any(
        line.startswith("CUDAENV_SANITIZE") and line.split("=", 1)[1] for line in cache.read_text().splitlines())


def test_user():
    """Uid that the programs run as: None (as we are), or another one when root started the tests."""
    return NOBODY if os.geteuid() == 0 else None


def _open_to_all(path):
    return all(part.stat().st_mode & stat.S_IXOTH for part in [path, *path.parents])


_prefix = None


def prefix():
    """A folder with bin/, libexec/ and share/ that the test user can reach."""
    global _prefix
    if _prefix is None:
        built = build_dir()
        if test_user() is None or (_open_to_all(built / "bin") and _open_to_all(SOURCE)):
            _prefix = built
        else:  # a checkout below /root, say
            _prefix = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-prefix-"))
            _prefix.chmod(0o755)
            for part in ("bin", "libexec", "share"):
                shutil.copytree(built / part, _prefix / part)
            import atexit
            atexit.register(remove_tree, _prefix)
    return _prefix


def remove_tree(folder):
    """rm -r that also removes read-only folders."""
    for top, folders, _ in os.walk(folder):
        for name in [top, *(os.path.join(top, f) for f in folders)]:
            if not os.path.islink(name):
                try:
                    os.chmod(name, 0o700)
                except OSError:
                    pass
    shutil.rmtree(folder, ignore_errors=True)


class Ran:
    """What a command printed (text), its exit status (negative: killed by that signal) and how long it took."""

    def __init__(self, command, status, out, err, seconds):
        self.command, self.status, self.seconds = command, status, seconds
        self.out, self.err = out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape")

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return (f"$ {' '.join(map(str, self.command))}\nstatus {self.status} after {self.seconds:.2f} s\n"
                f"--- out\n{self.out[-4000:]}\n--- err\n{self.err[-4000:]}")


class TimedOut(AssertionError):
    pass


class Started:
    """A command in the background; finish() waits for it and gives a Ran."""

    def __init__(self, command, process, out, err):
        self.command, self.process, self.began = command, process, time.monotonic()
        self._out, self._err = out, err

    def err_so_far(self):
        return pathlib.Path(self._err.name).read_text(errors="replace")

    def out_so_far(self):
        return pathlib.Path(self._out.name).read_text(errors="replace")

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def finish(self, timeout=60):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()
            raise TimedOut(f"still running after {timeout} s\n{self._ran(None)}") from None
        return self._ran(status)

    def _ran(self, status):
        ran = Ran(self.command, status, pathlib.Path(self._out.name).read_bytes(),
                  pathlib.Path(self._err.name).read_bytes(), time.monotonic() - self.began)
        for stream in (self._out, self._err):
            stream.close()
        return ran


class SealedHome:
    def __init__(self, name="test"):
        self.uid = test_user()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"cudaenv-{name}-")).resolve()
        self.home, self.work = self.folder / "home", self.folder / "work"
        self.root, self.cache = self.folder / "root", self.folder / "cache"
        self.config = self.folder / "config.toml"
        self.logs = self.folder / "logs"
        for folder in (self.home, self.work, self.logs):
            folder.mkdir()
        self.cwd = self.folder / "here"  # a link: the logical and the physical path differ
        self.cwd.symlink_to("work")
        self.prefix = prefix()
        self.bin = self.prefix / "bin"
        self._runs = 0
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(
            HOME=str(self.home), CUDAENV_ROOT=str(self.root), CUDAENV_CACHE=str(self.cache),
            CUDAENV_CONFIG=str(self.config), PATH=f"{self.bin}:/usr/bin:/bin", LC_ALL="C", PIP_CONFIG_FILE="/dev/null",
            PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(self.folder))
        self.own(*[self.folder, self.home, self.work, self.logs])

    # -- files ------------------------------------------------------------------------------------------------
    def own(self, *paths):
        """Gives files to the user the programs run as."""
        if self.uid is not None:
            for path in paths:
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def write(self, path, text, mode=0o644):
        """Writes a file (relative to the working directory) as the test user would; parents are made."""
        path = self.work / path
        made = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        self.own(path, *made)
        return path

    # -- programs ---------------------------------------------------------------------------------------------
    def start(self, *command, env=None, cwd=None, stdin=subprocess.DEVNULL, limits=None):
        """Starts a command in a process group of its own. env: changes to the sealed one, None removes."""
        merged = dict(self.env)
        for name, value in (env or {}).items():
            if value is None:
                merged.pop(name, None)
            else:
                merged[name] = str(value)
        where = pathlib.Path(cwd) if cwd else self.cwd
        merged["PWD"] = str(where)
        self._runs += 1
        out = open(self.logs / f"{self._runs}.out", "w+b")
        err = open(self.logs / f"{self._runs}.err", "w+b")

        def become():
            if limits:
                limits()
            if self.uid is not None:
                os.setgroups([])
                os.setresgid(self.uid, self.uid, self.uid)
                os.setresuid(self.uid, self.uid, self.uid)

        process = subprocess.Popen([str(word) for word in command], env=merged, cwd=where, stdin=stdin, stdout=out,
                                   stderr=err, start_new_session=True, preexec_fn=become)
        return Started(command, process, out, err)

    def run(self, *command, timeout=60, **options):
        """Runs a command to its end; raises TimedOut (and kills its whole group) after `timeout` seconds."""
        return self.start(*command, **options).finish(timeout)

    def cudaenv(self, *words, **options):
        return self.run(self.bin / "cudaenv", *words, **options)

    def start_cudaenv(self, *words, **options):
        return self.start(self.bin / "cudaenv", *words, **options)

    def sh(self, script, **options):
        """Runs a POSIX shell script in the sealed environment."""
        return self.run("/bin/sh", "-c", script, **options)

    # -- channels ---------------------------------------------------------------------------------------------
    def configure(self, text):
        """Writes the user's configuration file."""
        self.write(self.config, text)

    def use_wheels(self, url, *more):
        """The only channel is the wheel index at `url`."""
        self.configure(f'channels = ["wheels"]\n[channel.wheels]\nkind = "wheels"\nurl = "{url}"\n' + "\n".join(more))

    def use_redist(self, url, *more):
        """The only channel is the redistributable folder at `url`."""
        self.configure(f'channels = ["nvidia"]\n[channel.nvidia]\nkind = "redist"\nurl = "{url}"\n' + "\n".join(more))

    def remove(self):
        remove_tree(self.folder)


def tree(folder):
    """A sorted listing of a folder that two equal trees share: mode, kind, size or link target, and path."""
    lines = []
    for top, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(top, name)
            info, inside = os.lstat(path), os.path.relpath(path, folder)
            if stat.S_ISLNK(info.st_mode):
                lines.append(f"{inside} -> {os.readlink(path)}")
            elif stat.S_ISDIR(info.st_mode):
                lines.append(f"{inside}/ {stat.S_IMODE(info.st_mode):o}")
            else:
                lines.append(f"{inside} {stat.S_IMODE(info.st_mode):o} {info.st_size}")
    return sorted(lines)


def toolkit_tree(folder):
    """tree() of an installed toolkit, less what channels may differ in: the receipt, and how a licence's file is called."""
    return sorted(re.sub(r"^(licenses/[^/]+/)(License\.txt|LICENSE)( .*)$", r"\1LICENSE\3", line)
                  for line in tree(folder) if not line.startswith("receipt.toml"))


class SealedTest(unittest.TestCase):
    """A TestCase with a new sealed home in self.home for every test."""

    def setUp(self):
        self.home = SealedHome(self.id().rsplit(".", 1)[-1][:40])
        self._failed_before = self._count()

    def _count(self):
        result = getattr(self._outcome, "result", None)
        return len(result.failures) + len(result.errors) if result else 0

    def tearDown(self):
        # Failures of this test are in the result by now in Python 3.11+; before, they wait in _outcome.errors.
        waiting = any(error for _, error in getattr(self._outcome, "errors", []) if error)
        if waiting or self._count() > self._failed_before or os.environ.get("CUDAENV_TEST_KEEP"):
            print(f"kept: {self.home.folder}", file=sys.stderr)
        else:
            self.home.remove()

    def assertRefuses(self, ran, status, *texts):
        """The command failed with this exit status, and standard error says all of `texts`, and no code crashed."""
        self.assertEqual(ran.status, status, str(ran))
        for text in texts:
            self.assertIn(text, ran.err, str(ran))
        self.assertIn("error:", ran.err, str(ran))

    def assertWorks(self, ran):
        self.assertEqual(ran.status, 0, str(ran))
        return ran
