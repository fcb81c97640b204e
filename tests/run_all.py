#!/usr/bin/env python3
"""Every test, as `./bootstrap test` and CI run them. Ends in `N passed, N failed, N skipped`.

    tests/run_all.py [STEP ...]     debug release lint fuzz real; all without a name
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parent.parent
RESULTS = SOURCE / "build" / "results"
JOBS = os.environ.get("JOBS") or str(os.cpu_count())
FUZZ_SECONDS = int(os.environ.get("CUDAENV_FUZZ_SECONDS", "60"))
SUITE_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes = []

    def add(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def fail(self, what):
        self.failed += 1
        self.notes.append(f"FAILED   {what}")

    def skip(self, what, why):
        self.skipped += 1
        self.notes.append(f"skipped  {what}: {why}")


def run(command, **options):
    print("\n$ " + " ".join(map(str, command)), flush=True)
    began = time.monotonic()
    status = subprocess.run([str(word) for word in command], cwd=SOURCE, stdin=subprocess.DEVNULL, **options).returncode
    print(f"({time.monotonic() - began:.0f} s, status {status})", flush=True)
    return status


def build(preset, *options):
    werror = os.environ.get("CUDAENV_WERROR", "OFF")  # ON in CI: a compiler newer than ours may warn about more
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    return (run(["cmake", "--preset", preset, f"-DCUDAENV_WERROR={werror}", *launcher, *options]) == 0 and
            run(["cmake", "--build", "--preset", preset, "--parallel", JOBS]) == 0)


# -- counting -------------------------------------------------------------------------------------------------
def cases(text, ctest_status):
    """(passed, failed, skipped) of one ctest entry, from what it printed; an entry that says nothing is one case."""
    suite = SUITE_LINE.findall(text)
    if suite:
        passed, failed, skipped = map(int, suite[-1])
    elif match := re.search(r"All tests passed \(.* in (\d+) test cases?\)", text):
        passed, failed, skipped = int(match[1]), 0, 0
    elif match := re.search(r"^test cases:\s*(\d+)(?: \|\s*(\d+) passed)?(?: \|\s*(\d+) failed)?(?: \|\s*(\d+) skipped)?",
                            text, re.M):
        passed, failed, skipped = int(match[2] or 0), int(match[3] or 0), int(match[4] or 0)
    else:
        return {"run": (1, 0, 0), "fail": (0, 1, 0)}.get(ctest_status, (0, 0, 1))
    if ctest_status == "fail" and failed == 0:
        failed = 1  # it counted well and then crashed, or ran out of time
    return passed, failed, skipped


def count_junit(path, label, tally):
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        text = "".join(part.text or "" for part in case.iter("system-out"))
        passed, failed, skipped = cases(text, case.get("status"))
        tally.add(passed, failed, skipped)
        if failed:
            tally.notes.append(f"FAILED   {label}: {case.get('name')} ({failed} cases)")
        for line in re.findall(r"^skipped: (.*)$", text, re.M):
            tally.notes.append(f"skipped  {label}: {line}")


# -- the steps ------------------------------------------------------------------------------------------------
def ctest(preset, tally, *options):
    if not build(preset, *options):
        return tally.fail(f"build of {preset}")
    report = RESULTS / f"{preset}.xml"
    # Whole outputs are kept: the number of cases is in their last lines.
    run(["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "-j", JOBS, "--output-junit", report,
         "--test-output-size-passed", "4000000", "--test-output-size-failed", "4000000"])
    if not report.exists():
        return tally.fail(f"ctest of {preset} wrote no report")
    count_junit(report, preset, tally)


def lint(tally):
    scripts = ["bootstrap", ".ci/run", *(str(path.relative_to(SOURCE)) for folder in ("demo", "shell", "tests")
                                         for path in sorted((SOURCE / folder).rglob("*.sh")))]
    if not shutil.which("shellcheck"):
        return tally.skip("shellcheck", "not installed")
    if run(["shellcheck", "-x", *scripts]) == 0:
        tally.add(1, 0, 0)
    else:
        tally.fail("shellcheck")


def fuzz(tally):
    if not shutil.which("clang++"):
        return tally.skip("fuzz", "clang++ is not installed")
    ctest("fuzz", tally, f"-DCUDAENV_FUZZ_SECONDS={FUZZ_SECONDS}")


def real_suite(name, label, tally):
    log = RESULTS / f"{name}.txt"
    with open(log, "w+") as out:
        print(f"\n$ tests/support/suite.py tests/real/{name}.py", flush=True)
        process = subprocess.Popen([sys.executable, "tests/support/suite.py", f"tests/real/{name}.py"], cwd=SOURCE,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env={**os.environ, "CUDAENV_BUILD_DIR": str(SOURCE / "build/release")})
        for line in process.stdout:
            print(line, end="", flush=True)
            out.write(line)
    text = log.read_text()
    passed, failed, skipped = cases(text, "run" if process.wait() in (0, 77) else "fail")
    tally.add(passed, failed, skipped)
    if failed:
        tally.notes.append(f"FAILED   {label} ({failed} cases)")
    tally.notes += [f"skipped  {label}: {line}" for line in re.findall(r"^skipped: (.*)$", text, re.M)]


def real(tally):
    real_suite("test_real", "real index", tally)
    real_suite("test_libcuda", "real libcuda", tally)


# Unit tests run where the sanitizers watch; the release build is what ships, end to end.
STEPS = {"debug": lambda tally: ctest("debug", tally),
         "release": lambda tally: ctest("release", tally, "-DCUDAENV_UNIT_TESTS=OFF"), "lint": lint,
         "fuzz": fuzz, "real": real}


def main():
    asked = sys.argv[1:] or list(STEPS)
    unknown = [name for name in asked if name not in STEPS]
    if unknown:
        raise SystemExit(f"unknown step {unknown[0]}, there are: {' '.join(STEPS)}")
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    tally, began = Tally(), time.monotonic()
    for name in asked:
        print(f"\n=== {name}", flush=True)
        STEPS[name](tally)
    print(f"\n=== summary, {(time.monotonic() - began) / 60:.1f} minutes")
    for note in tally.notes:
        print(note)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
