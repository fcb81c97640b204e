"""Real driver libraries out of Debian's non-free section, without root and without touching this machine's apt.

    for driver in debian.drivers(folder):       # apt's mirror, apt's keys, apt's hashes, a state folder of our own
        driver.version, driver.libraries        # "550.163.01", a folder with libcuda.so.1 in it

The mirror is the one that this machine's own sources name. Where there is no apt, no Debian or no network,
Unavailable says so.
"""

import collections
import pathlib
import re
import shutil
import subprocess

SUITES = ("bookworm", "trixie", "experimental")
PACKAGES = ("libcuda1", "libnvidia-ptxjitcompiler1")
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")

Driver = collections.namedtuple("Driver", "suite version libraries")


class Unavailable(Exception):
    pass


def mirror():
    """The URL of a Debian archive that this machine's apt uses."""
    sources = pathlib.Path("/etc/apt")
    for path in [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        for line in path.read_text(errors="replace").splitlines():
            words = re.sub(r"\[.*?\]", "", line.split("#")[0]).split()
            if len(words) < 2 or words[0] not in ("deb", "URIs:"):
                continue
            url = words[1].rstrip("/")
            if url.endswith("/debian"):
                return url
    raise Unavailable("apt's sources name no Debian archive here")


def _run(*words, cwd=None, timeout=90):
    try:
        done = subprocess.run([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{words[0]} took more than {timeout} s") from None
    if done.returncode != 0:
        raise Unavailable(f"{words[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


class Apt:
    """apt with its state, its lists, its sources and its configuration in `folder`."""

    def __init__(self, folder):
        for tool in ("apt-get", "apt-cache", "dpkg-deb"):
            if not shutil.which(tool):
                raise Unavailable(f"there is no {tool} here")
        if not KEYRING.exists():
            raise Unavailable(f"{KEYRING} is not there: nothing could be trusted")
        archive = mirror()
        self.folder = pathlib.Path(folder).resolve()
        for name in ("lists/partial", "archives/partial", "preferences.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("".join(
            f"deb [arch=amd64 signed-by={KEYRING}] {archive} {suite} non-free\n" for suite in SUITES))
        self.options = []
        for option in (f"Dir::State={self.folder}", f"Dir::State::lists={self.folder}/lists", f"Dir::State::status={self.folder}/status",
                       f"Dir::Cache={self.folder}", f"Dir::Etc::sourcelist={self.folder}/sources.list", "Dir::Etc::sourceparts=-",
                       "Dir::Etc::preferences=-", "Dir::Etc::preferencesparts=-", f"Dir::Log={self.folder}",
                       "APT::Sandbox::User=", "APT::Architecture=amd64", "APT::Architectures::=amd64",
                       "Acquire::Languages=none", "Acquire::Retries=2", "Acquire::http::Timeout=20", "Acquire::https::Timeout=20",
                       "Acquire::AllowInsecureRepositories=false", "APT::Get::AllowUnauthenticated=false"):
            self.options += ["-o", option]

    def update(self):
        _run("apt-get", *self.options, "update", "--error-on=any")

    def versions(self, package):
        """suite -> version."""
        found = {}
        for line in _run("apt-cache", *self.options, "madison", package).splitlines():
            _, version, place = (part.strip() for part in line.split("|"))
            found.setdefault(place.split()[1].split("/")[0], version)
        return found

    def download(self, *wanted):
        """Fetches name=version …; apt compares size and hash with the signed lists."""
        place = self.folder / "debs"
        place.mkdir(exist_ok=True)
        _run("apt-get", *self.options, "download", *wanted, cwd=place)
        return sorted(place.glob("*.deb"))


def drivers(folder):
    """The driver libraries of every suite, unpacked below `folder`."""
    folder = pathlib.Path(folder)
    apt = Apt(folder / "apt")
    apt.update()
    versions = {package: apt.versions(package) for package in PACKAGES}
    suites = [suite for suite in SUITES if all(suite in versions[package] for package in PACKAGES)]
    if not suites:
        raise Unavailable("the archive has none of " + ", ".join(PACKAGES))
    apt.download(*(f"{package}={versions[package][suite]}" for suite in suites for package in PACKAGES))
    found = []
    for suite in suites:
        place = folder / suite
        for package in PACKAGES:
            deb = apt.folder / "debs" / f"{package}_{versions[package][suite].replace(':', '%3a')}_amd64.deb"
            _run("dpkg-deb", "-x", deb, place)
        library = next(place.rglob("libcuda.so.1"))
        found.append(Driver(suite, library.resolve().name.removeprefix("libcuda.so."), library.parent))
    return found
