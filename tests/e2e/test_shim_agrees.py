"""Shim and manager choose alike: random projects, wishes and defaults, and both are asked which nvcc that means."""

import os
import random
import unittest

from sealed import SealedTest

ROUNDS = int(os.environ.get("CUDAENV_AGREE_ROUNDS", "120"))
NAMES = ["11.8.0", "12.4.1", "12.8.0", "12.8.1", "12.10.0", "13.0.2", "mine", "my-cuda_12.4"]
SPECS = ["11", "12", "12.8", "12.8.0", "12.10", "13", "13.1", ">=12.4,<12.10", ">=12.4, <13", "!=12.10,<13", "latest", "mine",
         "my-cuda_12.4", "unknown", "99"]
WRONG = ["", "../x", "12.8 13", "toolkit = 12", "[other]", "12.8\n\x00", "x" * 70000, "\ufeff", "components = [1]"]


class AgreeTest(SealedTest):
    def setUp(self):
        super().setUp()
        for name in NAMES:
            tree = self.home.work / "trees" / name
            version = name if name[0].isdigit() else "12.4.1"
            self.home.write(tree / "bin" / "nvcc", '#!/bin/sh\necho "$0"\n', 0o755)
            self.home.write(tree / "version.json", f'{{"cuda": {{"name": "CUDA SDK", "version": "{version}"}}}}')
            self.assertWorks(self.home.cudaenv("link", tree, name))
        self.nvcc = self.home.root / "shims" / "nvcc"

    def file(self, choice):
        kind = choice.random()
        spec = choice.choice(SPECS)
        if kind < 0.15:
            return choice.choice(WRONG)
        if kind < 0.3:
            return f"# why\r\n\r\n{spec}   # here\r\n"
        if kind < 0.5:
            return f"components = ['nvcc']\ntoolkit = \"{spec}\"\n[require]\n"
        if kind < 0.6:
            return 'components = ["nvcc"]\n'
        return spec + "\n"

    def scenario(self, choice, number):
        top = self.home.work / f"s{number}"
        deep = top / "a" / "b c" / "d"
        deep.mkdir(parents=True)
        folders = [top, top / "a", top / "a" / "b c", deep]
        for folder in folders:
            if choice.random() < 0.35:
                self.home.write(folder / ".cudaenv", self.file(choice))
                if choice.random() < 0.2:  # a link, to a file of ours
                    (folder / ".cudaenv").rename(folder / "target")
                    (folder / ".cudaenv").symlink_to("target")
                    self.home.own(folder / ".cudaenv")
                if self.home.uid is not None and choice.random() < 0.15:
                    os.chown(folder / ".cudaenv", 12345, 12345, follow_symlinks=choice.random() < 0.5)
        default = self.home.root / "default"
        default.unlink(missing_ok=True)
        if choice.random() < 0.6:
            self.home.write(default, choice.choice(SPECS) + "\n")
        cwd = choice.choice(folders)
        if choice.random() < 0.3:  # reached over a link in another folder, whose parents count then
            other = top / "other"
            other.mkdir()
            if choice.random() < 0.5:
                self.home.write(other / ".cudaenv", choice.choice(SPECS) + "\n")
            (other / "link").symlink_to(cwd)
            cwd = other / "link"
        env = {}
        if choice.random() < 0.2:
            env["CUDAENV_TOOLKIT"] = choice.choice(SPECS + ["", "../x"])
        if cwd in folders and choice.random() < 0.15:  # the same folder by a text that does not say what is above it
            cwd = cwd / ".." / cwd.name
        if choice.random() < 0.1:
            env["HOME"] = str(top / "a")
        return cwd, env

    def test_same_tool_or_same_kind_of_refusal(self):
        choice = random.Random(int(os.environ.get("CUDAENV_AGREE_SEED", "1")))
        outcomes = {"tool": 0, "missing": 0, "wrong": 0}
        for number in range(ROUNDS):
            cwd, env = self.scenario(choice, number)
            shim = self.home.run(self.nvcc, cwd=cwd, env=env)
            manager = self.home.cudaenv("which", "nvcc", cwd=cwd, env=env)
            both = f"{cwd}\n{env}\n{shim}\n{manager}"
            if shim.status == 0:
                outcomes["tool"] += 1
                self.assertEqual((manager.status, manager.out), (0, shim.out), both)
            elif shim.status == 3:
                outcomes["wrong"] += 1
                self.assertEqual(manager.status, 3, both)
            else:
                outcomes["missing"] += 1
                self.assertEqual(shim.status, 127, both)
                self.assertIn(manager.status, (4, 5), both)
        print(outcomes, end=" ")
        for outcome, count in outcomes.items():
            self.assertGreater(count, ROUNDS // 20, f"too few scenarios end in {outcome}: {outcomes}")


if __name__ == "__main__":
    unittest.main()
