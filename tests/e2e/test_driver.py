"""`driver`: what the machine is, which GPUs CUDA may see and why, and what toolkits may do here."""

import json
import os
import shutil
import time

from sealed import SealedTest, build_dir, sanitized

FAKES = build_dir() / "tests" / "fake"


class DriverTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "nvml-two" / "libcuda.so.1").exists():
            self.skipTest("the fake drivers are not built")

    def toolkit(self, name, version, source="toolkit"):
        tree = self.home.folder / f"tree-{name}"
        shutil.copytree(FAKES / source, tree)
        (tree / "version.json").write_text(json.dumps({"cuda": {"version": version}}))
        self.home.own(tree, *(tree.rglob("*")))
        self.assertWorks(self.home.cudaenv("link", tree, name))
        return tree

    def machine(self, name, **env):
        """The variables of a process on that fake machine."""
        folder = self.home.folder / "drivers" / name
        if not folder.exists():
            shutil.copytree(FAKES / name, folder)
        return {"CUDAENV_LIBCUDA": folder / "libcuda.so.1", **env}

    def facts(self, name, **env):
        return self.assertWorks(self.home.cudaenv("driver", "--json", env=self.machine(name, **env))).json


class MachineTest(DriverTest):
    def test_nvml_names_what_there_is(self):
        facts = self.facts("nvml-two")
        self.assertEqual([g["uuid"][:12] for g in facts["gpus"]], ["GPU-11111111", "GPU-22222222"])
        self.assertEqual((facts["nvml"]["error"], facts["nvml"]["driver"]), (0, "580.159.04"))
        gpu = facts["nvml"]["gpus"][1]
        self.assertEqual((gpu["name"], gpu["compute_capability"], gpu["memory_bytes"], gpu["bus_id"]),
                         ("Fake GPU", "9.0", 80 << 30, "00000000:20:00.0"))
        self.assertEqual(facts["notes"], [])
        self.assertIsNone(self.facts("ok")["nvml"])

    def test_odd_machines_say_what_is_odd(self):
        for name, text in {"nvml-mismatch": "NVML error 18", "nvml-mig-empty": "has no instance", "nvml-mixed": "different kinds",
                           "nvml-mig": "hides the others", "nvml-one-of-two": "names 2 GPUs and CUDA shows 1"}.items():
            with self.subTest(name):
                self.assertIn(text, " ".join(self.facts(name)["notes"]))
                self.assertIn(text, self.home.cudaenv("driver", env=self.machine(name)).out)

    def test_instances_of_a_partitioned_gpu(self):
        instances = self.facts("nvml-mig")["nvml"]["gpus"][0]["mig"]
        self.assertEqual([(i["uuid"][:8], i["gpu_instance"], i["compute_instance"]) for i in instances],
                         [("MIG-bbbb", 7, 0), ("MIG-cccc", 8, 0)])

    def test_an_nvml_that_hangs_costs_two_seconds_and_nothing_else(self):
        begin = time.monotonic()
        facts = self.facts("nvml-hangs")
        self.assertEqual(len(facts["gpus"]), 1)
        self.assertIn("NVML did not answer", facts["notes"][0])
        if not sanitized():
            self.assertLess(time.monotonic() - begin, 4)


class VisibleDevicesTest(DriverTest):
    def test_the_entry_that_hides_the_rest_is_named(self):
        notes = self.facts("nvml-one-of-two", CUDA_VISIBLE_DEVICES="0,7,1")["notes"]
        self.assertIn("`7` names no GPU (there are 2, 0 to 1)", notes[0])
        self.assertIn("`0` is left", notes[0])
        self.assertIn("export CUDA_VISIBLE_DEVICES=0,1", notes[0])
        out = self.home.cudaenv("driver", env=self.machine("nvml-one-of-two", CUDA_VISIBLE_DEVICES="0")).out
        self.assertIn("leaves 1 of 2 GPUs", out)
        self.assertRegex(out, r"not visible +Fake GPU, GPU-22222222")

    def test_a_wrong_value_is_refused_with_one_that_works(self):
        self.toolkit("fake", "13.0.2")
        ran = self.home.cudaenv("verify", "fake", "--json", env=self.machine("nvml-hidden", CUDA_VISIBLE_DEVICES="GPU-dead"))
        self.assertEqual(ran.status, 8, str(ran))
        verdict = ran.json
        self.assertEqual((verdict["verdict"], verdict["cause"]["cuda_error"]), ("refused", 100))
        self.assertIn("CUDA_VISIBLE_DEVICES=`GPU-dead`: `GPU-dead` names no GPU", verdict["cause"]["what"])
        self.assertEqual(verdict["cause"]["fix"], "export CUDA_VISIBLE_DEVICES=0,1")
        self.assertIn("cuInit answers 100", verdict["steps"][0]["evidence"])

    def test_hidden_on_purpose_is_no_fault(self):
        self.toolkit("fake", "13.0.2")
        for value in ("", "-1", "NoDevFiles"):
            ran = self.assertWorks(self.home.cudaenv("verify", "fake", "--json", "--refresh",
                                                     env=self.machine("nvml-hidden", CUDA_VISIBLE_DEVICES=value)))
            self.assertEqual((ran.json["verdict"], ran.json["cause"]["id"]), ("compile-only", "gpus-hidden"), value)

    def test_a_hostile_value_is_shown_safely(self):
        ran = self.home.cudaenv("driver", env=self.machine("nvml-hidden", CUDA_VISIBLE_DEVICES="\x1b[2J" + "x" * 9000))
        self.assertWorks(ran)
        self.assertNotIn("\x1b[2J", ran.out)
        self.assertLess(len(ran.out), 2000)


if __name__ == "__main__":
    import unittest
    unittest.main()
