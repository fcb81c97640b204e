"""Documents that promise: what they name must be there."""

import re
import unittest

from sealed import SOURCE, SealedTest


def section(text, title):
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.M)[0]


class DocumentsTest(SealedTest):
    def test_every_promise_of_security_names_a_test_that_exists(self):
        text = (SOURCE / "SECURITY.md").read_text()
        rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]
        self.assertGreater(len(rows), 8)
        for row in rows:
            named = re.findall(r"`((?:e2e|unit)/[\w.]+)(?:: ([\w, ]+))?`", row)
            self.assertTrue(named, row)
            for file, tests in named:
                path = SOURCE / "tests" / file
                self.assertTrue(path.exists(), f"{file}: {row}")
                for test in filter(None, tests.split(", ")):
                    self.assertRegex(path.read_text(), rf"(def|class) {test}\b", row)

    def test_exit_status_table_is_the_enum(self):
        codes = re.findall(r"^  (\w+) = (\d+),", (SOURCE / "src/base/error.hpp").read_text(), re.M)
        shown = re.findall(r"^\| (\d+) \|", section((SOURCE / "README.md").read_text(), "Exit status"), re.M)
        self.assertGreater(len(codes), 8)
        self.assertEqual(sorted(int(number) for _, number in codes), sorted(map(int, shown)))

    def test_commands_in_the_readme_exist(self):
        known = self.home.cudaenv("--help").out
        names = set(re.findall(r"(?<![\w/.-])cudaenv ([a-z]+)\b", "\n".join(
            re.findall(r"```(?:sh|console|yaml)?\n(.*?)```", (SOURCE / "README.md").read_text(), re.S))))
        self.assertGreater(len(names), 6)
        for name in sorted(names):
            self.assertRegex(known, rf"(?m)^  (\S+, )*{name}\b", f"README.md names `cudaenv {name}`")


if __name__ == "__main__":
    unittest.main()
