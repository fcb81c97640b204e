"""What every command shares: the frame around it, before any of them does its work."""

import json

from sealed import SealedTest


class FrameTest(SealedTest):
    def test_version_and_overview(self):
        self.assertRegex(self.assertWorks(self.home.cudaenv("--version")).out, r"^cudaenv \d+\.\d+\.\d+\n$")
        overview = self.assertWorks(self.home.cudaenv("--help"))
        self.assertIn("Usage: cudaenv COMMAND", overview.out)
        self.assertEqual(overview.err, "")

    def test_no_command_is_a_usage_error(self):
        self.assertEqual(self.home.cudaenv().status, 2)

    def test_unknown_command_names_the_nearest(self):
        self.assertRefuses(self.home.cudaenv("lst"), 2, "unknown command `lst`", "did you mean `list`?")

    def test_unknown_option(self):
        self.assertRefuses(self.home.cudaenv("list", "--no-such-option"), 2, "hint: cudaenv list --help")

    def test_error_as_json_goes_to_standard_output(self):
        ran = self.home.cudaenv("nonsense", "--json")
        self.assertEqual(ran.status, 2, str(ran))
        answer = json.loads(ran.out)
        self.assertEqual(answer["schema"], 1)
        self.assertEqual(answer["error"]["code"], "usage")
        self.assertEqual(answer["error"]["exit"], 2)

    def test_relative_root_is_refused(self):
        ran = self.home.cudaenv("list", env={"CUDAENV_ROOT": "relative/folder"})
        self.assertRefuses(ran, 3, "CUDAENV_ROOT", "not an absolute path")

    def test_every_command_has_help_with_examples(self):
        names = [line.split()[0].rstrip(",") for line in self.home.cudaenv("--help").out.splitlines()
                 if line.startswith("  ") and not line.startswith("   ")]
        self.assertIn("list", names)
        for name in names:
            with self.subTest(name):
                text = self.assertWorks(self.home.cudaenv(name, "--help"))
                self.assertIn("Examples:", text.out)
                self.assertIn(f"cudaenv {name}", text.out)
                self.assertEqual(text.err, "")

    def test_closed_pipe_ends_quietly(self):
        ran = self.home.sh("cudaenv --help | head -n 1; cudaenv list --help | true")
        self.assertEqual(ran.err, "", str(ran))

    def test_deleted_working_directory(self):
        ran = self.home.sh("mkdir gone && cd gone && rmdir ../gone && cudaenv --version")
        self.assertWorks(ran)
