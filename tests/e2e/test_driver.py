"""`driver`: what the machine is, which GPUs CUDA may see and why, and what toolkits may do here."""

import json
import os
import shutil
import subprocess
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

    def records(self, name, *words):
        """What the probe itself says of that machine."""
        read, write = os.pipe()
        env = {key: str(value) for key, value in self.machine(name).items() if key != "CUDAENV_LIBCUDA"}
        probe = subprocess.run([self.home.prefix / "libexec/cudaenv/cudaenv-probe", "--nonce", "0123456789abcdef", "--result-fd", str(write),
                                "--libcuda", self.machine(name)["CUDAENV_LIBCUDA"], "--facts-only", *words],
                               env={"PATH": "/usr/bin:/bin", **env}, pass_fds=[write], capture_output=True, timeout=60)
        os.close(write)
        with os.fdopen(read) as lines:
            text = lines.read()
        self.assertIn("done=1", text, str(probe))
        return text

    def test_nvml_is_asked_only_where_cuda_and_the_kernel_differ(self):
        """Beside cuInit it costs 10 to 20 ms of the 140."""
        self.assertNotIn("nvml.", self.records("nvml-two", "--kernel-gpus", "2"))
        self.assertIn("nvml.count=2", self.records("nvml-two", "--kernel-gpus", "0"))
        self.assertIn("nvml.count=2", self.records("nvml-one-of-two", "--kernel-gpus", "2"))
        self.assertIn("nvml.count=2", self.records("nvml-mig", "--kernel-gpus", "1"))

    def test_a_gpu_named_twice_is_named(self):
        """cuInit answers 101 then: seen on an H200."""
        self.toolkit("fake", "13.0.2")
        env = self.machine("nvml-two", CUDA_VISIBLE_DEVICES="0,0")
        shutil.copy(FAKES / "init-101" / "libcuda.so.1", env["CUDAENV_LIBCUDA"])
        ran = self.home.cudaenv("verify", "fake", "--json", env=env)
        self.assertEqual(ran.status, 8, str(ran))
        cause = ran.json["cause"]
        self.assertEqual((cause["id"], cause["cuda_error"], cause["fix"]), ("invalid-device", 101, "export CUDA_VISIBLE_DEVICES=0,1"))
        self.assertIn("comes twice", cause["what"])

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


class ReachTest(DriverTest):
    def test_the_newest_that_is_full_of_each_major(self):
        for version in ("11.8.0", "12.4.1", "12.9.1", "13.0.2", "13.5.0"):
            self.toolkit(version, version)
        facts = self.facts("ok")
        self.assertEqual({t["version"]: t["may"] for t in facts["toolkits"]},
                         {"11.8.0": "full", "12.4.1": "full", "12.9.1": "full", "13.0.2": "full", "13.5.0": "sass-only"})
        self.assertEqual(facts["newest_full"], {"11": "11.8.0", "12": "12.9.1", "13": "13.0.2"})
        out = self.home.cudaenv("driver", env=self.machine("ok")).out
        self.assertRegex(out, r"(?m)^\* 12\.9\.1 +installed +full")
        self.assertRegex(out, r"(?m)^  13\.5\.0 +installed +sass-only")
        pascal = self.facts("pascal")
        self.assertEqual(pascal["newest_full"], {"11": "11.8.0", "12": "12.9.1"})
        self.assertIn("older than every target", pascal["toolkits"][0]["why"])
        self.assertEqual(self.facts("old")["newest_full"], {"11": "11.8.0", "12": "12.4.1"})

    def test_the_spec_driver_is_the_newest_that_is_full(self):
        for version in ("12.4.1", "12.9.1", "13.0.2", "13.5.0"):
            self.toolkit(version, version)
        self.home.write(".cudaenv", "driver\n")

        def chosen(machine):
            ran = self.home.cudaenv("current", "--json", env=self.machine(machine) if isinstance(machine, str) else machine)
            return self.assertWorks(ran).json["version"]

        self.assertEqual(chosen("ok"), "13.0.2")
        self.assertEqual(chosen("old"), "12.4.1")
        self.assertEqual(chosen("pascal"), "12.9.1")
        self.assertEqual(chosen({"CUDAENV_DRIVER": "12.8", "CUDAENV_GPU": "9.0"}), "12.4.1")
        self.assertEqual(chosen({"CUDAENV_DRIVER": "13.0", "CUDAENV_GPU": "7.0,9.0"}), "12.9.1")  # every GPU runs it
        none = self.home.cudaenv("current", env={"CUDAENV_DRIVER": "12.6", "CUDAENV_GPU": "12.0"})
        self.assertRefuses(none, 8, "cannot tell what `driver` means here", "no toolkit is `full`")
        missing = self.home.cudaenv("current", env={"CUDAENV_DRIVER": "12.2", "CUDAENV_GPU": "9.0"})
        self.assertRefuses(missing, 5, "cudaenv install driver")


class FactsFileTest(DriverTest):
    def node(self, machine="ok"):
        """What a compute node wrote, where the login node reads it."""
        ran = self.assertWorks(self.home.cudaenv("driver", "--json", env=self.machine(machine)))
        return self.home.write("node.json", ran.out)

    def test_a_login_node_judges_for_a_compute_node(self):
        self.toolkit("one", "13.0.2")
        self.toolkit("two", "13.5.0")
        self.node()
        for words, env in ((("--facts", "node.json"), {}), ((), {"CUDAENV_FACTS": "node.json"}),
                           (("--facts", "node.json"), {"CUDAENV_DRIVER": "11.8"})):
            facts = self.assertWorks(self.home.cudaenv("driver", "--json", *words, env=env)).json
            self.assertTrue(facts["pretended"])
            self.assertEqual(facts["pretended_by"], str(self.home.cwd / "node.json"))
            self.assertEqual([g["compute_capability"] for g in facts["gpus"]], ["9.0"])
            self.assertEqual({t["version"]: t["may"] for t in facts["toolkits"]}, {"13.0.2": "full", "13.5.0": "sass-only"})
        full = self.assertWorks(self.home.cudaenv("verify", "one", "--json", "--facts", "node.json")).json
        self.assertEqual((full["verdict"], full["pretended"], full["cause"]), ("compile-only", True, None))
        self.assertIn("node.json", full["steps"][0]["evidence"])
        half = self.assertWorks(self.home.cudaenv("verify", "two", "--json", "--facts", "node.json")).json
        self.assertEqual((half["verdict"], half["cause"]["cuda_error"]), ("degraded", 222))
        self.assertEqual(self.assertWorks(self.home.cudaenv("health", "--facts", "node.json")).out, "cuda (pretended)\n")
        self.assertIn("pretended by", self.home.cudaenv("driver", "--facts", "node.json").out)

    def test_facts_read_back_are_the_facts(self):
        node = self.node("nvml-mig")
        before = json.loads(node.read_text())
        after = self.home.cudaenv("driver", "--json", "--facts", "node.json").json
        for key in ("pretended", "pretended_by"):
            before.pop(key), after.pop(key)
        self.assertEqual(after, before)

    def test_a_node_without_a_driver_or_with_a_broken_one(self):
        self.toolkit("one", "13.0.2")
        facts = json.loads(self.node("init-803").read_text())
        ran = self.home.cudaenv("verify", "one", "--json", "--facts", "node.json")
        self.assertEqual((ran.status, ran.json["cause"]["cuda_error"]), (8, 803))
        facts["libcuda"].update(kind="missing", init_error=0, cuda=None, path=None)
        self.home.write("node.json", json.dumps(facts))
        ran = self.assertWorks(self.home.cudaenv("verify", "one", "--json", "--facts", "node.json"))
        self.assertEqual((ran.json["verdict"], ran.json["cause"]["id"]), ("compile-only", "no-driver"))

    def test_a_malformed_or_hostile_file_is_named(self):
        good = json.loads(self.node().read_text())

        def changed(change):
            facts = json.loads(json.dumps(good))
            change(facts)
            return json.dumps(facts)

        gpu = good["gpus"][0]
        cases = {
            "": "not one JSON object", "[]": "not one JSON object", "{": "not one JSON object", "\0": "not one JSON object",
            "[" * 200000: "not one JSON object", "{}": "`schema` is not 1", '{"schema":2}': "`schema` is not 1",
            '{"schema":1,"error":{"code":"driver"}}': "failed on that machine",
            '{"schema":1}': "`libcuda`",
            changed(lambda f: f.pop("gpus")): "`gpus`",
            changed(lambda f: f.update(gpus={})): "`gpus`",
            changed(lambda f: f.update(gpus=[gpu] * 65)): "`gpus`",
            changed(lambda f: f.update(gpus=[gpu, 7])): "`gpus[1]`",
            changed(lambda f: f["gpus"][0].update(compute_capability="nine")): "`gpus[0].compute_capability`",
            changed(lambda f: f["gpus"][0].update(compute_capability=9.0)): "`gpus[0].compute_capability`",
            changed(lambda f: f["gpus"][0].update(memory_bytes=-1)): "`gpus[0].memory_bytes`",
            changed(lambda f: f["gpus"][0].update(memory_bytes=2**64 - 1)): "`gpus[0].memory_bytes`",
            changed(lambda f: f["gpus"][0].update(index=1e300)): "`gpus[0].index`",
            changed(lambda f: f["libcuda"].update(cuda="13.0.2")): "`libcuda.cuda`",
            changed(lambda f: f["libcuda"].update(cuda="9999999999999999999.0")): "`libcuda.cuda`",
            changed(lambda f: f["libcuda"].update(kind="friendly")): "`libcuda.kind`",
            changed(lambda f: f["libcuda"].update(init_error="100")): "`libcuda.init_error`",
            changed(lambda f: f.update(libcuda=None)): "`libcuda`",
            changed(lambda f: f.update(notes=[{}])): "`notes[0]`",
            changed(lambda f: f.update(pad="x" * (1 << 20))): "larger than",
        }
        for text, reason in cases.items():
            self.home.write("node.json", text)
            for command in (["driver", "--facts", "node.json"], ["driver", "--json", "--facts", "node.json"]):
                ran = self.home.cudaenv(*command)
                self.assertEqual(ran.status, 3, f"{text[:80]}\n{ran}")
                self.assertIn("node.json", ran.out + ran.err)
                self.assertIn(reason, ran.out + ran.err, text[:80])
        self.assertRefuses(self.home.cudaenv("driver", "--facts", "no-such.json"), 3, "no-such.json")
        self.assertRefuses(self.home.cudaenv("driver", "--facts", "."), 3, "not a regular file")
        both = {"CUDAENV_FACTS": "node.json", "CUDAENV_DRIVER": "13.0"}
        self.assertRefuses(self.home.cudaenv("driver", env=both), 3, "CUDAENV_FACTS", "CUDAENV_DRIVER is set too")

    def test_texts_of_a_file_are_safe_to_show(self):
        facts = json.loads(self.node().read_text())
        facts["gpus"][0]["name"] = "\x1b]0;owned\x07" + "A" * 100000
        facts["kernel_module"] = "580\n159"
        facts["notes"] = ["\x1b[2J"]
        self.home.write("node.json", json.dumps(facts))
        ran = self.assertWorks(self.home.cudaenv("driver", "--facts", "node.json"))
        self.assertNotIn("\x1b", ran.out)
        self.assertLess(len(ran.out), 3000)


class RequireTest(DriverTest):
    def pin(self, require):
        return self.home.write("project/.cudaenv", 'toolkit = "one"\n\n[require]\n' + require + "\n")

    def run_here(self, *words, machine="ok", **env):
        return self.home.cudaenv(*words, cwd=self.home.cwd / "project", env=self.machine(machine, **env))

    def test_every_way_in_asks_first(self):
        self.toolkit("one", "13.0.2")
        file = self.pin('compute_capability = ">=10.0"')
        ways = (["run", "true"], ["run", "+one", "true"], ["env"], ["env", "one", "--format", "json"], ["use", "--hook", "bash", "one"])
        for words in ways:
            with self.subTest(words):
                ran = self.run_here(*words)
                self.assertEqual(ran.status, 8, str(ran))
                for text in ("project/.cudaenv:4 requires compute capability >=10.0", "GPU 0 (Fake GPU 0) has 9.0", "hint: "):
                    self.assertIn(text, ran.err)
        self.assertIn(":4 requires", self.run_here("env", "--hook", "bash").err)
        self.assertEqual(self.run_here("use", "--hook", "bash", "one", "--no-verify").status, 0)
        file.write_text(file.read_text().replace(">=10.0", ">=8.0"))
        for words in ways:
            self.assertWorks(self.run_here(*words))

    def test_a_driver_is_compared_by_its_version_or_its_branch(self):
        self.toolkit("one", "13.0.2")
        self.node = self.home.write("node.json", json.dumps(
            dict(self.facts("ok"), kernel_module="570.86.10")))
        here = {"CUDAENV_FACTS": str(self.node), "CUDAENV_LIBCUDA": None}
        for bound, status in ((">=570.26", 0), (">=570.124.06", 8), ("<570.124.06", 0), ("==570.86.10", 0), ("!=570.86.10", 8),
                              ("> 580", 8)):
            self.pin(f'driver = "{bound}"')
            ran = self.run_here("run", "true", **here)
            self.assertEqual(ran.status, status, f"{bound}\n{ran}")
            if status:
                self.assertIn(f"requires driver {bound}, and here it is 570.86.10", ran.err)
        # Of a pretended CUDA version only the branch is known (12.8: 570).
        for bound, status in ((">=570.26", 0), (">=580", 8), ("<560", 8), ("<575.1", 0)):
            self.pin(f'driver = "{bound}"')
            ran = self.run_here("run", "true", CUDAENV_DRIVER="12.8", CUDAENV_LIBCUDA=None)
            self.assertEqual(ran.status, status, f"{bound}\n{ran}")

    def test_no_driver_and_no_gpu_meet_nothing(self):
        self.toolkit("one", "13.0.2")
        self.pin('driver = ">=500"')
        self.assertRefuses(self.run_here("run", "true", CUDAENV_LIBCUDA="/nonexistent/libcuda.so.1"), 8, ":4 requires driver >=500")
        self.pin('compute_capability = ">=5.0"')
        ran = self.run_here("run", "true", machine="nvml-hidden", CUDA_VISIBLE_DEVICES="9")
        self.assertRefuses(ran, 8, "there is no GPU: CUDA_VISIBLE_DEVICES=`9`")

    def test_facts_are_kept_while_they_hold(self):
        self.toolkit("one", "13.0.2")
        self.pin('compute_capability = ">=8.0"')
        self.assertWorks(self.run_here("run", "true", machine="slow-constructor"))
        self.assertLess(self.assertWorks(self.run_here("run", "true", machine="slow-constructor")).seconds, 1)
        library = self.machine("slow-constructor")["CUDAENV_LIBCUDA"]
        library.unlink()
        shutil.copy(FAKES / "init-999" / "libcuda.so.1", library)
        self.assertEqual(self.run_here("run", "true", machine="slow-constructor").status, 8)

    def test_a_file_that_asks_nothing_asks_nobody(self):
        self.toolkit("one", "13.0.2")
        self.home.write("project/.cudaenv", "one\n")
        self.assertWorks(self.run_here("run", "true", machine="hang-init"))
        # Under a flag a broken file is in nobody's way.
        self.home.write("project/.cudaenv", "toolkit =\n")
        self.assertWorks(self.run_here("run", "+one", "true"))


class HealthTest(DriverTest):
    def test_the_word_and_the_reason(self):
        self.assertEqual(self.assertWorks(self.home.cudaenv("health", env=self.machine("ok"))).out, "cuda\n")
        hidden = self.home.cudaenv("health", env=self.machine("nvml-hidden", CUDA_VISIBLE_DEVICES="7"))
        self.assertEqual(hidden.status, 8)
        self.assertRegex(hidden.out, r"^cpu: .*cuInit answers 100; CUDA_VISIBLE_DEVICES=`7`")
        self.assertEqual(self.home.cudaenv("health", env=self.machine("devices-0")).status, 8)
        pretended = self.home.cudaenv("health", env={"CUDAENV_DRIVER": "13.0"})
        self.assertEqual((pretended.status, pretended.out), (0, "cuda (pretended)\n"))


if __name__ == "__main__":
    import unittest
    unittest.main()
