"""`verify --gemm`: the toolkit's libraries as steps of their own, against fake ones that are right, wrong or broken."""

import json
import shutil

from sealed import SealedTest, build_dir, sanitized

FAKES = build_dir() / "tests" / "fake"
STEPS = ("gemm", "cufft", "cudnn", "nccl")


class LibrariesTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "toolkit-libraries" / "lib" / "libcublas.so.13").exists():
            self.skipTest("the fake libraries are not built")

    def toolkit(self, *replacements, without=()):
        """A linked toolkit with right libraries, some of them replaced by faulty ones ("cublas-wrong")."""
        tree = self.home.folder / "tree"
        shutil.copytree(FAKES / "toolkit-libraries", tree)
        for replacement in replacements:
            for file in (FAKES / f"library-{replacement}").iterdir():
                shutil.copy(file, tree / "lib")
        for name in without:
            (tree / "lib" / name).unlink()
        (tree / "version.json").write_text(json.dumps({"cuda": {"version": "13.0.2"}}))
        self.home.own(tree, *(tree.rglob("*")))
        self.assertWorks(self.home.cudaenv("link", tree, "fake"))
        return tree

    def verify(self, *words, driver="ok", env=None):
        folder = self.home.folder / "drivers" / driver
        if not folder.exists():
            shutil.copytree(FAKES / driver, folder)
        return self.home.cudaenv("verify", "fake", "--gemm", *words,
                                 env={"CUDAENV_LIBCUDA": folder / "libcuda.so.1", **(env or {})})

    def steps(self, ran):
        return {step["name"]: (step["status"], step["evidence"]) for step in ran.json["steps"]}

    def assertFails(self, ran, step, cause, *words, verdict="degraded"):
        """One library's step fails, the plain proof and the other libraries stand, and the exit status says so."""
        answer, steps = ran.json, self.steps(ran)
        self.assertEqual(ran.status, 8, str(ran))
        self.assertEqual((answer["verdict"], answer["cause"]["id"]), (verdict, cause), str(ran))
        self.assertEqual(steps[step][0], "fail", str(ran))
        for word in words:
            self.assertIn(word, steps[step][1])
        for name in ("sass", "ptx", "cudart", *STEPS):
            if name != step:
                self.assertEqual(steps[name][0], "pass", f"{name}: {steps[name]}")
        return steps

    def test_every_library_is_right(self):
        self.toolkit()
        ran = self.assertWorks(self.verify("--json", driver="devices-2"))
        steps = self.steps(ran)
        self.assertEqual([steps[name][0] for name in STEPS], ["pass"] * 4, str(ran))
        self.assertEqual((ran.json["verdict"], ran.json["cached"], ran.json["cause"]), ("proven", False, None))
        # The fake GPU takes 2 ms for anything.
        self.assertEqual(ran.json["gemm"]["ms"], 2)
        self.assertAlmostEqual(ran.json["gemm"]["tflops"], 2 * 4096 ** 3 / 2e-3 / 1e12, 2)
        self.assertLess(0, ran.json["gemm"]["max_error"])
        self.assertLess(ran.json["gemm"]["max_error"], 0.02)
        for name, words in {"gemm": ("libcublas.so.13 (13.1.0)", "68.7 TFLOP/s", "1024 entries", "the toolkit's own"),
                            "cufft": ("libcufft.so.12 (12.0.0)", "4160 values"), "cudnn": ("libcudnn.so.9 (9.13.0)", "6144 sums"),
                            "nccl": ("libnccl.so.2 (2.28.9)", "all-reduce over 2 GPUs", "2097152 sums")}.items():
            for word in words:
                self.assertIn(word, steps[name][1])

    def test_a_device_is_picked(self):
        self.toolkit()
        ran = self.assertWorks(self.verify("--json", "--device", "1", driver="devices-2"))
        steps = self.steps(ran)
        self.assertIn("the toolkit's own, GPU 1: bf16", steps["gemm"][1])
        self.assertIn("all-reduce over 2 GPUs", steps["nccl"][1])

    def test_what_is_kept_is_the_plain_proof(self):
        self.toolkit("cublas-wrong")
        self.verify()
        folder = self.home.folder / "drivers" / "ok"
        plain = self.assertWorks(self.home.cudaenv("verify", "fake", "--json", env={"CUDAENV_LIBCUDA": folder / "libcuda.so.1"}))
        self.assertEqual((plain.json["verdict"], plain.json["cached"]), ("proven", True))
        self.assertNotIn("gemm", plain.json)
        self.assertNotIn("gemm", self.steps(plain))

    def test_what_is_not_installed_is_skipped_by_name(self):
        self.toolkit(without=("libcublas.so.13", "libcublasLt.so.13", "libcufft.so.12", "libcudnn.so.9", "libnccl.so.2"))
        ran = self.assertWorks(self.verify("--json"))
        self.assertEqual([self.steps(ran)[name] for name in STEPS],
                         [("skip", f"{name} is not installed") for name in ("cublas", "cufft", "cudnn", "nccl")])
        self.assertEqual(ran.json["verdict"], "proven")

    def test_wrong_values_refuse(self):
        rows = {"cublas-wrong": ("gemm", "1 of 1024 values"), "cublas-nan": ("gemm", "1 of 1024 values"),
                "cufft-2": ("cufft", "of 4160 values"), "cufft-3": ("cufft", "of 4160 values"),
                "cudnn-1": ("cudnn", "1 of 6144"), "nccl-2": ("nccl", "1 of 1048576")}
        for number, (fault, (step, words)) in enumerate(rows.items()):
            with self.subTest(fault=fault):
                self.tree_again(fault, number)
                self.assertFails(self.verify("--json"), step, "wrong-results", words, verdict="refused")

    def tree_again(self, fault, number):
        if number:
            self.assertWorks(self.home.cudaenv("unlink", "fake"))
            shutil.rmtree(self.home.folder / "tree")
        self.toolkit(fault)

    def test_a_call_that_fails_is_named(self):
        rows = {"cublas-fails-13": ("gemm", "cublasGemmEx answers 13 CUBLAS_STATUS_EXECUTION_FAILED"),
                "cublas-create-1": ("gemm", "cublasCreate answers 1"), "cufft-1": ("cufft", "cufftExecC2C answers 6 CUFFT_EXEC_FAILED"),
                "cudnn-2": ("cudnn", "cudnnAddTensor answers 5000 CUDNN_STATUS"),
                "nccl-1": ("nccl", "ncclCommInitAll answers 2 unhandled system error: fake: no space left in /dev/shm")}
        for number, (fault, (step, words)) in enumerate(rows.items()):
            with self.subTest(fault=fault):
                self.tree_again(fault, number)
                self.assertFails(self.verify("--json"), step, "library-failed", words)

    def test_a_library_that_cannot_be_used(self):
        self.toolkit("cublas-incomplete")
        self.assertFails(self.verify("--json"), "gemm", "library-damaged", "libcublas.so.13 lacks the call cublasGemmEx")
        self.tree_again("cublas-needs", 1)
        self.assertFails(self.verify("--json"), "gemm", "library-damaged", "__nvJitLinkComplete_99_9")

    def test_a_crash_costs_its_own_step_only(self):
        self.toolkit("cublas-segv")
        self.assertFails(self.verify("--json"), "gemm", "library-failed", "signal 11 in `gemm`")
        self.tree_again("cublas-exit", 1)
        self.assertFails(self.verify("--json"), "gemm", "library-failed", "exit status 0 in `gemm`")

    def test_a_library_that_hangs(self):
        self.toolkit("cublas-hang")
        ran = self.verify("--json", "--timeout", "2")
        steps = self.steps(ran)
        self.assertEqual((ran.status, ran.json["verdict"], ran.json["cause"]["id"]), (8, "degraded", "library-failed"), str(ran))
        self.assertIn("no answer from `gemm` within 2", steps["gemm"][1])
        self.assertEqual([steps[name][0] for name in STEPS[1:]], ["skip"] * 3)
        self.assertIn("not reached", steps["nccl"][1])
        if not sanitized():
            self.assertLess(ran.seconds, 5)

    def test_parts_come_from_the_toolkit_whatever_the_environment_says(self):
        # The fake cuDNN loads libcudnn_ops.so.9 by bare name; a folder of the user's has a text of that name.
        self.toolkit()
        stray = self.home.folder / "stray"
        stray.mkdir()
        (stray / "libcudnn_ops.so.9").write_text("no library")
        self.home.own(stray, *stray.iterdir())
        ran = self.assertWorks(self.verify("--json", env={"LD_LIBRARY_PATH": str(stray)}))
        self.assertEqual(self.steps(ran)["cudnn"][0], "pass")

    def test_another_copy_in_place_of_the_toolkits_is_found_out(self):
        tree = self.toolkit("cublas-stray")
        stray = tree / "stray"
        stray.mkdir()
        # The SONAME differs, so that the loader takes it for another library than the one that is there already.
        shutil.copy(FAKES / "library-cublas-wrong" / "libcublas.so.13", stray / "libcublasLt.so.13")
        self.home.own(stray, *stray.iterdir())
        ran = self.verify("--json")
        steps = self.steps(ran)
        self.assertEqual((steps["gemm"][0], ran.json["cause"]["id"]), ("fail", "library-shadowed"), str(ran))
        self.assertIn("stray/libcublasLt.so.13 was loaded, not the toolkit's", steps["gemm"][1])

    def test_an_old_gpu_has_no_bf16(self):
        self.toolkit()
        ran = self.verify("--json", driver="turing")
        self.assertEqual(self.steps(ran)["gemm"], ("skip", "this GPU has no bf16: it came with sm_80"))
        self.assertEqual(self.steps(ran)["cudnn"][0], "pass")

    def test_nothing_is_run_where_nothing_runs(self):
        self.toolkit()
        for driver, verdict, why in (("init-803", "refused", "not reached: the verdict is refused already"),
                                     ("init-100", "compile-only", "nothing runs here")):
            ran = self.verify("--json", driver=driver)
            self.assertEqual(ran.json["verdict"], verdict)
            self.assertEqual({self.steps(ran)[name] for name in STEPS}, {("skip", why)})
        ran = self.assertWorks(self.verify("--json", env={"CUDAENV_DRIVER": "13.0", "CUDAENV_GPU": "9.0"}))
        self.assertEqual(self.steps(ran)["gemm"], ("skip", "nothing runs on a pretended driver"))


if __name__ == "__main__":
    import unittest
    unittest.main()
