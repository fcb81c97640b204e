"""Versions, specifiers, requirements and markers judged as Python's own `packaging` judges them."""

import glob
import os
import pathlib
import random
import subprocess
import unittest
import zipfile

try:
    import packaging
    from packaging.markers import Marker
    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier
    from packaging.version import Version
except ImportError:  # pip carries a copy
    from pip._vendor import packaging
    from pip._vendor.packaging.markers import Marker
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.specifiers import Specifier
    from pip._vendor.packaging.version import Version

TOOL = pathlib.Path(os.environ["CUDAENV_BUILD_DIR"], "libexec/cudaenv-tests/pep_eval")
OLD = Version(packaging.__version__).release < (26,)
PLATFORM = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64",
            "platform_python_implementation": "CPython", "implementation_name": "cpython",
            "implementation_version": "3.12.0", "python_version": "3.12", "python_full_version": "3.12.0",
            "platform_release": "", "platform_version": "", "extra": ""}
# The forms in which Requires-Dist of the metapackage and of the component wheels occurs.
FORMS = [
    "nvidia-cublas-cu12==12.4.5.8.*; (sys_platform == 'win32' or sys_platform == 'linux') and extra == 'all'",
    "nvidia-cublas==13.1.0.3.*; (sys_platform == 'linux' or sys_platform == 'win32') and extra == 'cublas'",
    "nvidia-nvjitlink<14,>=13.5.37; (sys_platform == 'linux' and platform_machine == 'aarch64' or sys_platform == 'linux' "
    "and platform_machine == 'x86_64' or sys_platform == 'win32' and platform_machine == 'ARM64') and extra == 'cufft'",
    "nvidia-cudla==13.5.25.*; (sys_platform == 'linux' and platform_machine == 'aarch64') and extra == 'cudla'",
    "nvidia-cuda-nvcc==13.4.46rc1; sys_platform == 'linux' and extra == 'nvcc'",
    "nvidia-nvvm",
    "cuda-toolkit[cublas,cudart,cufft] (==13.0.2) ; platform_system == \"Linux\"",
    "cuda-toolkit [ nvrtc ] >= 12.4 , < 13",
]


def ask(lines):
    done = subprocess.run([str(TOOL)], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"pep_eval ended with {done.returncode}: {done.stderr}")
    return done.stdout.splitlines()


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def number(self):
        return self.r.choice(["0", "1", "2", "3", "9", "10", "12", "13", "00", "07", "88", "101", "99999999999999999999"])

    def release(self, least=1):
        return ".".join(self.number() for _ in range(self.r.randint(least, 4)))

    def suffixes(self):
        r, out = self.r, ""
        sep = lambda: r.choice(["", ".", "-", "_"])
        if r.random() < 0.35:
            out += sep() + r.choice(["a", "b", "rc", "alpha", "beta", "c", "pre", "preview"]) + sep() * (r.random() < .3)
            out += r.choice(["", self.number()])
        if r.random() < 0.3:
            out += r.choice(["-" + self.number(), sep() + r.choice(["post", "rev", "r"]) + r.choice(["", self.number()])])
        if r.random() < 0.3:
            out += sep() + "dev" + r.choice(["", self.number()])
        return out

    def local(self):
        parts = [self.r.choice(["cu128", "1", "01", "abc", "ubuntu", "9"]) for _ in range(self.r.randint(1, 3))]
        return "+" + self.r.choice([".", "-", "_"]).join(parts)

    def version(self, local=True):
        r = self.r
        out = r.choice(["", "", "", "", "v", "1!"]) + self.release() + self.suffixes()
        if local and r.random() < 0.15:
            out += self.local()
        if r.random() < 0.1:
            out = out.upper()
        return r.choice(["", "", "", " "]) + out + r.choice(["", "", "", " "])

    def damaged(self):
        text = list(self.version().strip())
        for _ in range(self.r.randint(1, 2)):
            at = self.r.randrange(len(text) + 1)
            if text and self.r.random() < 0.4:
                del text[at - 1]
            else:
                text.insert(at, self.r.choice(list("..-_+!*vax 1c/,;é")))
        return "".join(text)

    def near(self, text):
        """A version close to another, so that comparisons meet equal and neighbouring ones."""
        base = text.strip().lower().split("+")[0]
        return self.r.choice([base, base + ".0", base + self.suffixes(), self.release() + self.suffixes(), base + "+cu1"])

    def clause(self):
        r = self.r
        op = r.choice(["==", "==", "!=", "<=", ">=", "<", ">", "~=", "==*", "!=*", "==="])
        gap = r.choice(["", "", " "])
        if op.endswith("*"):
            return op[:-1] + gap + r.choice(["", "", "1!"]) + self.release() + ".*"
        if op == "~=":
            return op + gap + self.release(2) + self.suffixes()
        if op == "===":
            return op + gap + self.release()
        if op in ("==", "!=") and r.random() < 0.2:
            return op + gap + self.release() + self.suffixes() + self.local()
        return op + gap + self.release() + self.suffixes()

    def comparison(self):
        r = self.r
        kind = r.random()
        if kind < 0.3:
            return f"python_version {r.choice(['<', '<=', '==', '!=', '>=', '>', '~='])} '{r.choice(['2.7', '3.8', '3.12', '3.13', '4.0'])}'"
        if kind < 0.45:
            return f"'{r.choice(['lin', 'win', 'x'])}' {r.choice(['in', 'not in'])} sys_platform"
        if kind < 0.6:
            return f"extra {r.choice(['==', '!='])} {r.choice(['“cublas”', '‘all’', '‘nvcc’']).translate(str.maketrans('“”‘’', chr(34) * 2 + chr(39) * 2))}"
        name = r.choice(["sys_platform", "platform_machine", "os_name", "platform_system", "implementation_name"])
        value = r.choice(["linux", "win32", "x86_64", "aarch64", "AMD64", "posix", "Linux", "cpython"])
        return r.choice([f"{name} {r.choice(['==', '!='])} '{value}'", f"'{value}' {r.choice(['==', '!='])} {name}"])

    def marker(self, depth=0):
        r = self.r
        if depth >= 4 or r.random() < 0.4:
            return self.comparison()
        inner = f"{self.marker(depth + 1)} {r.choice(['and', 'or'])} {self.marker(depth + 1)}"
        return f"({inner})" if r.random() < 0.6 else inner


def editions_differ(clauses, version):
    """Editions of packaging before 26 judge some odd neighbours of a bound otherwise than PEP 440's text does:
    local and post versions around < and >, local ones under ~=, epochs and leading zeros before a wildcard."""
    for clause in clauses:
        bound = clause.lstrip("=<>!~ ")
        if bound.endswith(".*"):
            if str(Version(bound[:-2])) != bound[:-2] or Version(version).epoch or Version(version).local:
                return True
        elif clause[0] in "<>~" and not clause.startswith((">=", "<=")):
            if Version(bound).is_postrelease or Version(bound).is_prerelease or Version(version).local or str(Version(bound)) != bound:
                return True
    return False


def expected_version(text):
    try:
        return str(Version(text))
    except Exception:
        return "invalid"


def expected_contains(clauses, version):
    """Every clause by itself: the old SpecifierSet takes malformed ones for `legacy`."""
    try:
        parsed, version = [Specifier(c) for c in clauses], Version(version)
    except Exception:
        return "invalid"
    return "true" if all(c.contains(version, prereleases=True) for c in parsed) else "false"


def expected_requirement(text):
    try:
        r = Requirement(text)
    except Exception:
        return "invalid"
    clauses = sorted(str(c).replace(" ", "") for c in r.specifier)
    return "|".join([r.name, ",".join(sorted(r.extras)), ",".join(clauses), "yes" if r.marker else "no"])


class Pep(unittest.TestCase):
    def agree(self, cases):
        """cases: (question, Python's answer)."""
        answers = ask([question for question, _ in cases])
        self.assertEqual(len(answers), len(cases))
        wrong = [(q, want, got) for (q, want), got in zip(cases, answers) if want != got]
        self.assertEqual(wrong[:20], [], f"{len(wrong)} of {len(cases)} differ")
        print(f"{self.id()}: {len(cases)} cases against packaging {packaging.__version__}, {sum(want == 'invalid' for _, want in cases)} of them invalid")

    def test_versions(self):
        g = Generator(440)
        texts = [g.version() for _ in range(1500)] + [g.damaged() for _ in range(1500)]
        cases = [("version\t" + t, expected_version(t)) for t in texts]
        self.assertGreater(sum(want != "invalid" for _, want in cases), 1200)
        self.agree(cases)

    def test_order(self):
        g, cases = Generator(441), []
        for _ in range(3000):
            a = g.version()
            b = g.near(a) if g.r.random() < 0.7 else g.version()
            try:
                x, y = Version(a), Version(b)
                want = "-1" if x < y else "1" if x > y else "0"
            except Exception:
                want = "invalid"
            cases.append((f"compare\t{a}\t{b}", want))
        self.assertGreater(sum(want == "0" for _, want in cases), 100)
        self.agree(cases)

    def test_specifiers(self):
        g, cases = Generator(442), []
        for _ in range(4000):
            clauses = [g.clause() for _ in range(g.r.choice([1, 1, 1, 2, 3]))]
            first = clauses[0].lstrip("=<>!~ ").replace(".*", "")
            version = g.near(first) if g.r.random() < 0.8 else g.version()
            want = expected_contains(clauses, version)
            if OLD and want != "invalid" and editions_differ(clauses, version):
                continue
            cases.append((f"contains\t{','.join(clauses)}\t{version}", want))
        self.assertGreater(sum(want == "true" for _, want in cases), 600)
        self.assertGreater(sum(want == "false" for _, want in cases), 600)
        self.agree(cases)

    def test_malformed_specifiers(self):
        cases = [(f"contains\t{text}\t1.0", expected_contains([text], "1.0")) for text in
                 ["1.0", "=1.0", "==", "~=1", "~=1.*", ">=1.*", "<1.0+x", ">=1.0+x", "==1.0.*.1", "==1.0+x.*", "==1.0.dev1.*",
                  "==1.0 2.0", "<>1.0", "== =1.0", "!1.0", "==v1.0", "==1!1.0.*", "=== 1.0", "==1.0,"[:-1]]]
        self.agree(cases)

    def test_markers(self):
        g, cases = Generator(508), []
        for _ in range(2500):
            text = g.marker()
            changed = {"sys_platform": g.r.choice(["linux", "win32"]), "extra": g.r.choice(["", "all", "cublas", "nvcc"]),
                       "platform_machine": g.r.choice(["x86_64", "aarch64"])}
            want = "true" if Marker(text).evaluate({**PLATFORM, **changed}) else "false"
            cases.append(("marker\t" + text + "".join(f"\t{k}={v}" for k, v in changed.items()), want))
        self.agree(cases)

    def test_malformed_markers(self):
        for text in ["", "sys_platform", "sys_platform ==", "== 'x'", "sys_platform = 'x'", "sys_platform == 'x", "colour == 'red'",
                     "sys_platform == 'x' and", "(sys_platform == 'x'", "sys_platform == 'x')", "sys_platform == 'x' xor os_name == 'y'",
                     "not sys_platform == 'x'", "sys_platform not 'x'", "sys_platform == x", "or", "()", "sys_platform ~= 'abc'"]:
            if not OLD:  # 23.0 lets some of them pass
                with self.assertRaises(Exception, msg=text):
                    Marker(text).evaluate({**PLATFORM})
            self.assertEqual(ask(["marker\t" + text]), ["invalid"], text)
        deep = "(" * 5000 + "os_name == 'posix'" + ")" * 5000
        self.assertEqual(ask(["marker\t" + deep]), ["invalid"])

    def test_requirements(self):
        texts = FORMS + ["", "-x", "a b", "a[", "a[b", "a[b,]", "a;", "a(==1.0", "a==1.0)", "name ; os_name == 'posix'",
                         "A.b_c-d==1.0", "a[]", "a<2,>=1", "a ~= 1.4.2", "a!=1.5.*", "a===weird"]
        self.agree([("requirement\t" + t, expected_requirement(t)) for t in texts])
        self.assertEqual(ask(["requirement\ta=="]), ["invalid"])
        self.assertEqual(ask(["requirement\tname @ https://example.org/x.whl"]), ["invalid"])

    def test_real_metapackages(self):
        folder = os.environ.get("CUDAENV_REAL_WHEELS", "")
        wheels = glob.glob(os.path.join(folder, "**", "cuda_toolkit-*.whl"), recursive=True) if folder else []
        if not wheels:
            self.skipTest("CUDAENV_REAL_WHEELS names no folder with cuda_toolkit-*.whl")
        cases = []
        for path in wheels:
            with zipfile.ZipFile(path) as wheel:
                name = next(n for n in wheel.namelist() if n.endswith("METADATA"))
                lines = wheel.read(name).decode().splitlines()
            extras = [line.split(":", 1)[1].strip() for line in lines if line.startswith("Provides-Extra:")]
            for line in lines:
                if not line.startswith("Requires-Dist:"):
                    continue
                text = line.split(":", 1)[1].strip()
                cases.append(("requirement\t" + text, expected_requirement(text)))
                marker = Requirement(text).marker
                for extra in extras:
                    want = "true" if marker.evaluate({**PLATFORM, "extra": extra}) else "false"
                    cases.append((f"marker\t{text.split(';', 1)[1].strip()}\textra={extra}", want))
        self.assertGreater(len(cases), 100)
        self.agree(cases)


if __name__ == "__main__":
    unittest.main()
