#!/usr/bin/env python3
"""Runs unittest files and ends in one line that can be counted: `N passed, N failed, N skipped`.

    python3 tests/support/suite.py tests/e2e/test_install.py [-k PATTERN] ...

Skipped tests are listed with their reason. Exit status: 0, 1 when something failed, 77 when all was skipped.
"""

import argparse
import importlib.util
import pathlib
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent


class Counting(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self.stream.writeln(f"    {time.monotonic() - self.began:.1f} s")


def load(path):
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("files", nargs="+")
    options.add_argument("-k", action="append", default=None, help="only tests whose name contains this")
    asked = options.parse_args()
    sys.path.insert(0, str(TESTS / "support"))
    sys.path.insert(0, str(TESTS))
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in asked.k] if asked.k else None
    suite = unittest.TestSuite(loader.loadTestsFromModule(load(path)) for path in asked.files)
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Counting).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    if failed or not (result.passed or result.skipped):
        return 1
    return 77 if not result.passed else 0


if __name__ == "__main__":
    sys.exit(main())
