"""The nvcc step of `verify --gemm`, with a compiler that writes programs without compiling: what is chosen, what is
believed, what is said. Real compilers are in tests/real and tests/gpu."""

import json
import shutil

from sealed import SealedTest, build_dir

FAKES = build_dir() / "tests" / "fake"
HEADER = "#if defined(__GNUC__)\n#if __GNUC__ > 13\n#error too new\n#endif\n#endif\n"
# Takes what nvcc takes, asks the host compiler for its version as crt/host_config.h would, and writes a program.
NVCC = r"""#!/bin/bash
host=${NVCC_CCBIN:-g++} made= salt=
while [ $# -gt 0 ]; do
  case $1 in -ccbin) host=$2; shift;; -o) made=$2; shift;; -DSALT=*) salt=${1#-DSALT=}; salt=${salt%u};; esac
  shift
done
version=$("$host" -dumpversion)
if [ "${version%%.*}" -gt 13 ]; then echo "crt/host_config.h(137): error: -- unsupported GNU version!" >&2; exit 1; fi
COMPLAINT
{ echo '#!/bin/bash'; echo "SALT=$salt"; /bin/cat <<'END'
PROGRAM
END
} > "$made"
/bin/chmod 755 "$made"
"""
# What the compiled program of the nvcc step prints, in 64-bit arithmetic of bash.
PROGRAM = r"""digest=$((0xcbf29ce484222325))
for ((i = 0; i < 4096; ++i)); do
  digest=$(((digest ^ (((i + SALT) * 2654435761 & 0xFFFFFFFF) ^ $1)) * 1099511628211))
done
printf '%016x\n' "$digest"
"""


class NvccStepTest(SealedTest):
    def setUp(self):
        super().setUp()
        if not (FAKES / "ok" / "libcuda.so.1").exists():
            self.skipTest("the fake drivers are not built")
        self.path = self.home.folder / "tools"
        self.path.mkdir()
        self.home.own(self.path)

    def compiler(self, name, version):
        """A host compiler that only tells its version."""
        file = self.path / name
        file.write_text(f'#!/bin/sh\ncase "$1" in --version) echo "{name} (fake) {version}";; *) echo {version};; esac\n')
        file.chmod(0o755)
        self.home.own(file)

    def toolkit(self, program=PROGRAM, complaint="", header=HEADER):
        tree = self.home.folder / "tree"
        shutil.copytree(FAKES / "toolkit", tree)
        (tree / "include" / "crt").mkdir(parents=True)
        (tree / "include" / "crt" / "host_config.h").write_text(header)
        (tree / "bin").mkdir()
        nvcc = tree / "bin" / "nvcc"
        complaint = f"echo '{complaint}' >&2; exit 1" if complaint else ""
        nvcc.write_text(NVCC.replace("COMPLAINT", complaint).replace("PROGRAM", program))
        nvcc.chmod(0o755)
        (tree / "version.json").write_text(json.dumps({"cuda": {"version": "13.0.2"}}))
        self.home.own(tree, *(tree.rglob("*")))
        self.assertWorks(self.home.cudaenv("link", tree, "fake"))

    def verify(self, driver="ok", env=None):
        folder = self.home.folder / "drivers" / driver
        if not folder.exists():
            shutil.copytree(FAKES / driver, folder)
        ran = self.home.cudaenv("verify", "fake", "--gemm", "--json",
                                env={"CUDAENV_LIBCUDA": folder / "libcuda.so.1", "PATH": self.path, **(env or {})})
        step = [one for one in ran.json["steps"] if one["name"] == "nvcc"][0]
        return ran, step["status"], step["evidence"]

    def test_the_default_compiler_fits(self):
        self.compiler("g++", "13.3.0")
        self.toolkit()
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status), (0, "pass"), str(ran))
        self.assertRegex(evidence, r"^nvcc, sm_90, with g\+\+ 13\.3\.0: compiled, linked and run, 4096 values checked \(")

    def test_one_that_fits_is_found_beside_the_default(self):
        for name, version in {"g++": "15.1.0", "g++-14": "14.2.0", "g++-12": "12.4.0", "g++-9": "9.5.0"}.items():
            self.compiler(name, version)
        self.toolkit()
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status), (0, "pass"), str(ran))
        self.assertIn("g++-12 12.4.0 (g++ 15.1.0 does not fit: gcc up to 13", evidence)
        self.assertIn(f"export NVCC_PREPEND_FLAGS=-ccbin={self.path}/g++-12 CUDAHOSTCXX={self.path}/g++-12", evidence)

    def test_a_name_is_no_version(self):
        self.compiler("g++", "15.1.0")
        self.compiler("g++-13", "15.1.0")
        self.compiler("g++-11", "11.5.0")
        self.toolkit()
        _, status, evidence = self.verify()
        self.assertEqual(status, "pass")
        self.assertIn("g++-11 11.5.0", evidence)

    def test_none_fits(self):
        self.compiler("g++", "15.1.0")
        self.toolkit()
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status, ran.json["verdict"]), (8, "fail", "degraded"), str(ran))
        self.assertEqual((ran.json["cause"]["id"], ran.json["cause"]["fix"]), ("host-compiler", "`sudo apt-get install g++-13`"))
        self.assertIn("g++ 15.1.0 does not fit (gcc up to 13), and there is no g++-N that does", evidence)

    def test_there_is_none_at_all(self):
        self.toolkit()
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status, evidence), (0, "skip", "no g++ found: apt-get install g++"), str(ran))

    def test_the_users_own_choice_is_respected(self):
        self.compiler("g++", "15.1.0")
        self.compiler("my-g++", "13.2.0")
        self.toolkit()
        ran, status, evidence = self.verify(env={"NVCC_CCBIN": self.path / "my-g++"})
        self.assertEqual((ran.status, status), (0, "pass"), str(ran))
        self.assertIn("with my-g++ 13.2.0:", evidence)

    def test_what_the_program_prints_must_be_the_digest(self):
        for number, program in enumerate(("printf '%016x' 1", ":", PROGRAM + "echo more")):
            with self.subTest(program=program):
                if number:
                    self.assertWorks(self.home.cudaenv("unlink", "fake"))
                    shutil.rmtree(self.home.folder / "tree")
                self.compiler("g++", "13.3.0")
                self.toolkit(program)
                ran, status, _ = self.verify()
                self.assertEqual((ran.status, status, ran.json["verdict"], ran.json["cause"]["id"]),
                                 (8, "fail", "refused", "wrong-results"), str(ran))

    def test_a_program_that_dies(self):
        self.compiler("g++", "13.3.0")
        self.toolkit("kill -SEGV $$")
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status, ran.json["cause"]["id"]), (8, "fail", "nvcc-program"), str(ran))
        self.assertIn("was ended by signal 11", evidence)

    def test_what_nvcc_says_is_shown(self):
        self.compiler("g++", "13.3.0")
        self.toolkit(complaint="proof.cu(3): error: everything is wrong")
        ran, status, evidence = self.verify()
        self.assertEqual((ran.status, status, ran.json["cause"]["id"]), (8, "fail", "nvcc-failed"), str(ran))
        self.assertIn("error: everything is wrong", evidence)

    def test_a_new_glibc_is_recognised(self):
        self.compiler("g++", "13.3.0")
        self.toolkit(complaint='error: exception specification is incompatible with that of previous function "cospi"')
        ran, status, evidence = self.verify()
        self.assertEqual((status, ran.json["cause"]["id"]), ("fail", "glibc-too-new"), str(ran))
        self.assertRegex(evidence, r"^glibc \d+\.\d+;.*cospi")

    def test_it_compiles_where_nothing_runs(self):
        self.compiler("g++", "13.3.0")
        self.toolkit("exit 9")
        ran, status, evidence = self.verify("init-100")
        self.assertEqual((ran.status, status, ran.json["verdict"]), (0, "pass", "compile-only"), str(ran))
        self.assertIn("compiled and linked", evidence)
        self.assertIn("not started", evidence)

    def test_a_plain_verify_does_not_compile(self):
        self.toolkit()
        ran = self.assertWorks(self.home.cudaenv("verify", "fake", "--json", env={"CUDAENV_LIBCUDA": FAKES / "ok" / "libcuda.so.1"}))
        self.assertNotIn("nvcc", [step["name"] for step in ran.json["steps"]])

    def test_no_leftovers(self):
        self.compiler("g++", "13.3.0")
        self.toolkit()
        self.verify()
        self.assertEqual([path.name for path in self.home.folder.iterdir() if path.name.startswith("cudaenv-")], [])


if __name__ == "__main__":
    import unittest
    unittest.main()
