"""What our strict parser of `.cudaenv` accepts as TOML, a full TOML 1.0 parser accepts with the same values."""

import json
import os
import random
import subprocess
import unittest

from sealed import build_dir

try:
    import tomllib
except ImportError:  # before Python 3.11
    tomllib = None

COUNT = int(os.environ.get("CUDAENV_DIFFERENTIAL_TEXTS", "20000"))
BOM = b"\xef\xbb\xbf"

SPECS = ["12.8", "12", "12.8.1", ">=12.4,<13", ">=12.4, <13", "latest", "driver", "torch", "system", "my-link", "13.4.0rc1", "",
         "../x", "12.", "12.8 ", "a b", "x/y", "==12.8"]
COMPONENTS = ["nvcc", "cudnn@9", "cudnn@9.10", "nccl", "a_b-c", "cuda-gdb", "NVCC", "", "a@", "x@y"]
BOUNDS = [">=570.26", ">= 8.0", "<600", "==580.159.04", "!=1", "570", ">=", ">=1.2.3.4.5"]
SPACES = ["", " ", "  ", "\t", " \t "]
ENDS = ["\n", "\r\n", "\n\n", "\r\n\r\n", "\n# c\n", " # c\r\n", "\t#\n", "\n \n"]
NOISE = ["\r", "\x00", "\x1b", "\x7f", "\\", '"', "'", "=", "[", "]", "[[", "]]", ".", ",", "#", "\n", "é", "\ufeff", "\u2028", '"""',
         "{", "}", "true", "1979-05-27", "0x1", "toolkit", "require.driver", "inf", "+", "-", "_", " "]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, choices):
        return self.random.choice(choices)

    def quoted(self, text):
        quote = self.pick("\"'")
        return quote + text + quote

    def array(self):
        inside = "".join(self.pick(SPACES + ENDS) + self.quoted(name) + self.pick(SPACES + ENDS) + ","
                         for name in self.random.sample(COMPONENTS[: self.pick([6, 6, 6, 10])], self.random.randrange(5)))
        if self.random.random() < 0.5:
            inside = inside.rstrip(",")
        return "[" + inside + self.pick(SPACES + ENDS) + "]"

    def assignment(self, key, value):
        return self.pick(SPACES) + key + self.pick(SPACES) + "=" + self.pick(SPACES) + value + self.pick(ENDS)

    def document(self):
        good = self.random.random() < 0.7
        specs, bounds = (SPECS[:11], BOUNDS[:5]) if good else (SPECS, BOUNDS)
        top = [("toolkit", self.quoted(self.pick(specs))), ("components", self.array()), ("channel", self.quoted(self.pick(["nvidia", "a_b", "site-1"])))]
        below = [("driver", self.quoted(self.pick(bounds))), ("compute_capability", self.quoted(self.pick(bounds))),
                 ("torch", self.quoted(self.pick(["cu128", "cu118"] + ([] if good else ["cpu", "12.8"]))))]
        lines = [self.assignment(*entry) for entry in self.random.sample(top, self.random.randrange(4))]
        text = self.pick(["", "", "# top\n", "\r\n"]) + "".join(lines)
        if self.random.random() < 0.6:
            text += self.pick(["[require]", "[ require ]", "[require\t]"]) + self.pick(ENDS)
            text += "".join(self.assignment(*entry) for entry in self.random.sample(below, self.random.randrange(4)))
        return text.rstrip("\r\n") if self.random.random() < 0.3 else text

    def damaged(self, text):
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(text) + 1)
            how = self.random.random()
            if how < 0.5:
                text = text[:at] + self.pick(NOISE) + text[at:]
            elif how < 0.8:
                text = text[:at] + text[at + self.random.randrange(1, 4):]
            else:
                end = self.random.randrange(at, min(len(text), at + 20) + 1)
                text = text[:end] + text[at:end] + text[end:]
        return text

    def text(self):
        text = self.document()
        if self.random.random() < 0.5:
            text = self.damaged(text)
        data = text.encode()
        if self.random.random() < 0.05:
            at = self.random.randrange(len(data) + 1)
            data = data[:at] + bytes([self.random.randrange(256)]) + data[at:]
        return (BOM if self.random.random() < 0.1 else b"") + data


@unittest.skipIf(tomllib is None, "needs Python 3.11 (tomllib)")
class DifferentialTest(unittest.TestCase):
    def test_accepted_toml_means_the_same_to_tomllib(self):
        seed = int(os.environ.get("CUDAENV_DIFFERENTIAL_SEED", "1"))
        generator = Generator(seed)
        texts = [generator.text() for _ in range(COUNT)]
        stream = b"".join(b"%d\n%s" % (len(text), text) for text in texts)
        ran = subprocess.run([build_dir() / "libexec" / "cudaenv-tests" / "pin_dump"], input=stream, stdout=subprocess.PIPE, check=True)
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual(len(answers), len(texts))
        accepted = one_line = 0
        for text, answer in zip(texts, answers):
            if "error" in answer:
                continue
            if answer["one_line"]:
                one_line += 1
                continue
            accepted += 1
            with self.subTest(text=text):
                theirs = tomllib.loads(text.removeprefix(BOM).decode())
                theirs.setdefault("components", [])
                theirs.setdefault("require", {})
                self.assertEqual(theirs, answer["ok"])
        # A test that compares nothing proves nothing.
        self.assertGreater(accepted, COUNT // 4, "the generator makes too few texts that are accepted")
        self.assertGreater(COUNT - accepted - one_line, COUNT // 5, "the generator makes too few texts that are refused")
        print(f"{COUNT} texts: {accepted} accepted as TOML, {one_line} as one line, {COUNT - accepted - one_line} refused")


if __name__ == "__main__":
    unittest.main()
