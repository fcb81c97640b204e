"""Installing from wheels and from a redistributable mirror: what ends on the disk, and what does not."""

import os
import pathlib
import shutil
import tempfile

import mini
import redist
from mirror import Mirror
from sealed import SealedTest, remove_tree, toolkit_tree

made = mirror = None


def setUpModule():
    global made, mirror
    made = pathlib.Path(tempfile.mkdtemp(prefix="cudaenv-mini-"))
    made.chmod(0o755)
    wheels = mini.build(made / "wheels")
    site = mini.write_index(made / "site", wheels)
    for version in ("13.0.2", "13.5.0", "12.8.1"):
        parts = set(mini.RELEASES[version].values())
        redist.write_mirror(site / "redist", version, [w.path for w in wheels if (w.package, w.version) in parts])
    (site / "redist" / "index.html").write_text("".join(
        f'<a href="{path.name}">{path.name}</a>\n' for path in sorted((site / "redist").glob("*.json"))))
    mirror = Mirror(site)
    mirror.start()


def tearDownModule():
    mirror.__exit__()
    remove_tree(made)


class InstallCase(SealedTest):
    def setUp(self):
        super().setUp()
        mirror.configure(rate=None, answers={}, json=True)
        mirror.forget()
        self.home.use_wheels(mirror.simple)

    def install(self, *words, **options):
        return self.home.cudaenv("install", "--no-verify", *words, **options)

    def toolkit(self, version):
        return self.home.root / "names" / version

    def nothing_visible(self):
        names = self.home.root / "names"
        return not names.exists() or not any(names.iterdir())

    def leftovers(self):
        staging = self.home.root / "tmp"
        return sorted(path.name for path in staging.iterdir()) if staging.exists() else []


class WheelsTest(InstallCase):
    def test_compile_profile_is_a_toolkit(self):
        self.assertWorks(self.install("13.0.2"))
        top = self.toolkit("13.0.2")
        ran = self.assertWorks(self.home.run(top / "bin/nvcc", "--version"))
        self.assertIn("release 13.0, V13.0.88", ran.out)
        self.assertEqual(os.readlink(top / "lib64"), "lib")
        self.assertEqual(os.readlink(top / "lib/libcudart.so"), "libcudart.so.13")
        self.assertTrue((top / "include/crt/host_config.h").is_file())
        self.assertTrue((top / "lib/libcudart_static.a").is_file())
        self.assertFalse(list(top.rglob("__init__.py")) + list(top.rglob("*.dist-info")))
        self.assertTrue(list((top / "licenses").rglob("*")))

    def test_installed_tree_is_read_only_with_true_modes(self):
        self.assertWorks(self.install("13.0.2"))
        for line in toolkit_tree(self.toolkit("13.0.2")):
            if " -> " in line:
                continue
            path, mode = line.split(" ")[:2]
            if path.endswith("/"):
                self.assertIn(mode, ("555", "755"), line)
            else:
                program = path in ("bin/nvcc", "bin/ptxas", "bin/fatbinary", "nvvm/bin/cicc")
                self.assertEqual(mode, "555" if program else "444", line)

    def test_link_stubs_for_the_driver(self):
        self.assertWorks(self.install("13.0.2"))
        stub = self.toolkit("13.0.2") / "lib/stubs/libcuda.so"
        ran = self.assertWorks(self.home.run("readelf", "-d", stub))
        self.assertIn("[libcuda.so.1]", ran.out)
        self.assertIn("cuInit", self.assertWorks(self.home.run("nm", "-D", "--defined-only", stub)).out)

    def test_html_index_gives_the_same_tree_as_json(self):
        self.assertWorks(self.install("13.0.2"))
        asked = [path for _, path, *_ in mirror.requests()]
        self.assertIn("/simple/nvidia-cuda-nvcc/index.json", asked)
        as_json = toolkit_tree(self.toolkit("13.0.2"))
        mirror.configure(json=False)
        mirror.forget()
        other = {"CUDAENV_ROOT": self.home.folder / "root2", "CUDAENV_CACHE": self.home.folder / "cache2"}
        self.assertWorks(self.install("13.0.2", env=other))
        asked = [path for _, path, *_ in mirror.requests()]
        self.assertIn("/simple/nvidia-cuda-nvcc/index.html", asked)
        self.assertNotIn("/simple/nvidia-cuda-nvcc/index.json", asked)
        self.assertEqual(as_json, toolkit_tree(self.home.folder / "root2/names/13.0.2"))

    def test_two_releases_side_by_side(self):
        self.assertWorks(self.install("13.0.2", "13.5.0"))
        for version, release in (("13.0.2", "13.0"), ("13.5.0", "13.5")):
            ran = self.assertWorks(self.home.run(self.toolkit(version) / "bin/nvcc", "--version"))
            self.assertIn(f"release {release},", ran.out)
        listed = self.assertWorks(self.home.cudaenv("list", "--json")).json
        self.assertEqual([one["version"] for one in listed["toolkits"]], ["13.5.0", "13.0.2"])

    def test_prefix_means_the_newest_that_matches(self):
        self.assertWorks(self.install("13.0", "--profile", "runtime"))
        self.assertWorks(self.install("13", "--profile", "runtime"))
        self.assertEqual(sorted(os.listdir(self.home.root / "names")), ["13.0.2", "13.5.0"])

    def test_runtime_of_a_release_before_13(self):
        self.assertWorks(self.install("12.8.1", "--profile", "runtime"))
        top = self.toolkit("12.8.1")
        self.assertEqual(os.readlink(top / "lib/libcudart.so"), "libcudart.so.12")
        self.assertFalse((top / "bin/nvcc").exists())

    def test_compile_before_13_says_that_wheels_have_no_nvcc(self):
        ran = self.install("12.8.1")
        self.assertRefuses(ran, 4, "nvcc")
        self.assertTrue(self.nothing_visible())

    def test_no_such_version(self):
        self.assertRefuses(self.install("99"), 4, "99", "hint: cudaenv list --available")
        self.assertTrue(self.nothing_visible())

    def test_release_candidates_only_when_asked(self):
        self.assertRefuses(self.install("13.6", "--profile", "runtime"), 4)
        self.assertWorks(self.install("13.6", "--profile", "runtime", "--pre"))
        self.assertEqual(os.listdir(self.home.root / "names"), ["13.6.0rc1"])

    def test_again_downloads_nothing_and_says_so(self):
        self.assertWorks(self.install("13.0.2"))
        mirror.forget()
        ran = self.assertWorks(self.install("13.0.2"))
        self.assertIn("installed already", ran.err)
        self.assertEqual(mirror.bytes_served(), 0)

    def test_more_components_download_only_what_is_missing(self):
        self.assertWorks(self.install("13.0.2", "--profile", "runtime"))
        mirror.forget()
        self.assertWorks(self.install("13.0.2", "--with", "cublas"))
        files = {path.rsplit("/", 1)[1].split("-")[0] for _, path, *_ in mirror.requests()
                 if path.endswith(".whl")}
        self.assertIn("nvidia_cublas", files)
        self.assertNotIn("nvidia_cuda_runtime", files)
        self.assertTrue((self.toolkit("13.0.2") / "lib/libcublas.so").is_symlink())
        self.assertTrue((self.toolkit("13.0.2") / "bin/nvcc").exists())

    def test_dry_run_says_what_and_changes_nothing(self):
        ran = self.assertWorks(self.install("13.0.2", "--dry-run"))
        for word in ("13.0.2", "nvcc 13.0.88", "nvidia_cuda_nvcc-13.0.88", "to download:", "wheels"):
            self.assertIn(word, ran.out)
        self.assertEqual(mirror.bytes_served(), sum(sent for _, path, _, sent, _ in mirror.requests()
                                                    if path.endswith(".metadata")))
        self.assertTrue(self.nothing_visible())
        plan = self.assertWorks(self.install("13.0.2", "--dry-run", "--json")).json
        self.assertEqual(plan["schema"], 1)
        fetch = plan["installed"][0]["plan"]["fetch"]
        self.assertEqual(sum(one["size"] for one in fetch), plan["installed"][0]["plan"]["download_bytes"])

    def test_new_tools_have_shims_at_once(self):
        self.assertWorks(self.install("13.0.2"))
        ran = self.home.run(self.home.root / "shims/nvcc", "--version", env={"CUDAENV_TOOLKIT": "13.0.2"})
        self.assertIn("release 13.0", self.assertWorks(ran).out)

    def test_quiet_is_quiet(self):
        ran = self.assertWorks(self.install("13.0.2", "--quiet"))
        self.assertEqual((ran.out, ran.err), ("", ""))

    def test_pip_configuration_names_the_index(self):
        (self.home.config).unlink()
        ran = self.install("13.0.2", "--channel", "wheels", env={"PIP_INDEX_URL": mirror.simple})
        self.assertWorks(ran)

    def test_offline_works_from_the_cache(self):
        self.assertRefuses(self.install("13.0.2", env={"CUDAENV_OFFLINE": "1"}), 6)
        self.assertWorks(self.install("13.0.2"))
        mirror.forget()
        ran = self.install("13.0.2", "--dry-run", env={"CUDAENV_OFFLINE": "1"})
        self.assertIn("nothing to do", self.assertWorks(ran).out)
        self.assertEqual(mirror.requests(), [])

    def test_available(self):
        ran = self.assertWorks(self.home.cudaenv("list", "--available", "--json")).json
        releases = {one["version"]: one for one in ran["releases"]}
        self.assertEqual(sorted(releases), ["12.8.1", "13.0.2", "13.5.0"])
        self.assertTrue(releases["13.5.0"]["has_nvcc"])
        self.assertFalse(releases["12.8.1"]["has_nvcc"])
        self.assertIn("cublas", releases["13.0.2"]["components"])
        self.assertEqual(ran["unreachable"], [])


class RedistTest(InstallCase):
    def test_same_tree_as_from_wheels(self):
        parts = ",".join(mini.RELEASES["13.0.2"])
        self.assertWorks(self.install("13.0.2", "--with", parts))
        from_wheels = toolkit_tree(self.toolkit("13.0.2"))
        self.home.use_redist(mirror.url + "redist/")
        other = {"CUDAENV_ROOT": self.home.folder / "root2", "CUDAENV_CACHE": self.home.folder / "cache2"}
        self.assertWorks(self.install("13.0.2", "--with", parts, env=other))
        self.assertIn("bin/nvcc 555 ", "\n".join(from_wheels))
        self.assertEqual(from_wheels, toolkit_tree(self.home.folder / "root2/names/13.0.2"))

    def test_file_mirror(self):
        self.home.use_redist(f"file://{made}/site/redist/")
        self.assertWorks(self.install("13.0.2"))
        self.assertEqual(mirror.requests(), [])
        listed = self.home.cudaenv("list", "--json").json["toolkits"][0]
        self.assertEqual((listed["version"], listed["channel"]), ("13.0.2", "nvidia"))

    def test_unreachable_first_channel_is_named_and_the_next_is_used(self):
        self.home.configure('channels = ["nvidia", "wheels"]\n[channel.nvidia]\nkind = "redist"\n'
                            'url = "http://127.0.0.1:9/"\n[channel.wheels]\nkind = "wheels"\n'
                            f'url = "{mirror.simple}"\n')
        ran = self.assertWorks(self.install("13.0.2"))
        self.assertIn("nvidia", ran.err)
        self.assertEqual(self.home.cudaenv("list", "--json").json["toolkits"][0]["channel"], "wheels")


class KeepTest(InstallCase):
    def setUp(self):
        super().setUp()
        self.assertWorks(self.install("13.0.2"))

    def test_list_json_schema(self):
        answer = self.assertWorks(self.home.cudaenv("list", "--json")).json
        self.assertEqual(answer["schema"], 1)
        (one,) = answer["toolkits"]
        self.assertEqual((one["version"], one["channel"], one["linked"]), ("13.0.2", "wheels", False))
        self.assertEqual(one["components"]["nvcc"], "13.0.88")
        self.assertTrue(os.path.samefile(one["path"], self.toolkit("13.0.2")))
        self.assertGreater(one["bytes"], 3 << 20)
        self.assertIsInstance(one["id"], str)
        self.assertFalse(one["active"])

    def test_uninstall_and_prune(self):
        self.assertWorks(self.home.cudaenv("uninstall", "13.0.2"))
        self.assertTrue(self.nothing_visible())
        self.assertWorks(self.home.cudaenv("prune"))
        self.assertEqual(os.listdir(self.home.root / "store"), [])
        self.assertRefuses(self.home.cudaenv("uninstall", "13.0.2"), 5, "13.0.2")

    def test_prune_keeps_what_is_used(self):
        before = toolkit_tree(self.toolkit("13.0.2"))
        self.assertWorks(self.home.cudaenv("prune"))
        self.assertEqual(before, toolkit_tree(self.toolkit("13.0.2")))
        self.assertIn("installed already", self.assertWorks(self.install("13.0.2")).err)

    def test_uninstall_refuses_while_a_process_uses_it(self):
        script = 'import ctypes, sys, time; ctypes.CDLL(sys.argv[1]); print("ready", flush=True); time.sleep(60)'
        user = self.home.start("/usr/bin/python3", "-c", script, self.toolkit("13.0.2") / "lib/libcudart.so.13")
        try:
            while "ready" not in user.out_so_far():
                self.assertIsNone(user.process.poll(), user.err_so_far())
            ran = self.home.cudaenv("uninstall", "13.0.2")
            self.assertNotEqual(ran.status, 0, str(ran))
            self.assertIn(str(user.process.pid), ran.err)
            self.assertTrue((self.toolkit("13.0.2") / "bin/nvcc").exists())
            self.assertWorks(self.home.cudaenv("uninstall", "13.0.2", "--force"))
        finally:
            user.signal(9)
            user.finish()

    def test_link_and_unlink(self):
        copy = self.home.work / "cuda-foreign"
        shutil.copytree(self.toolkit("13.0.2"), copy, symlinks=True, ignore=shutil.ignore_patterns("receipt.toml"))
        self.assertWorks(self.home.cudaenv("link", copy, "mine"))
        listed = {name: one for one in self.home.cudaenv("list", "--json").json["toolkits"] for name in one["names"]}
        self.assertTrue(listed["mine"]["linked"])
        self.assertEqual(listed["mine"]["version"].split(".")[:2], ["13", "0"])
        ran = self.home.run(self.home.root / "shims/nvcc", "--version", env={"CUDAENV_TOOLKIT": "mine"})
        self.assertIn("release 13.0", self.assertWorks(ran).out)
        self.assertWorks(self.home.cudaenv("unlink", "mine"))
        self.assertTrue((copy / "bin/nvcc").exists())
        self.assertNotIn("mine", os.listdir(self.home.root / "names"))
        self.assertNotEqual(self.home.cudaenv("unlink", "13.0.2").status, 0)
        self.assertTrue((self.toolkit("13.0.2") / "bin/nvcc").exists())

    def test_link_refuses_what_is_no_toolkit(self):
        self.assertNotEqual(self.home.cudaenv("link", self.home.home).status, 0)
        self.assertEqual(os.listdir(self.home.root / "names"), ["13.0.2"])

    def test_head_ends_quietly(self):
        ran = self.home.sh("cudaenv list | head -n 0; cudaenv list --available --json | head -c 1 >/dev/null; "
                           "cudaenv install --dry-run 13.5.0 | head -n 1 >/dev/null")
        self.assertEqual(ran.err, "", str(ran))

    def test_damaged_receipt_is_noticed_and_repaired(self):
        self.spoil(self.toolkit("13.0.2").resolve() / "receipt.toml", b"schema = \xff[[[")
        self.noticed_and_repaired()

    def test_empty_receipt_is_noticed_and_repaired(self):
        self.spoil(self.toolkit("13.0.2").resolve() / "receipt.toml", b"")
        self.noticed_and_repaired()

    def test_deleted_tree_is_noticed_and_repaired(self):
        remove_tree(self.toolkit("13.0.2").resolve())
        self.noticed_and_repaired()

    def test_deleted_file_is_repaired(self):
        nvcc = self.toolkit("13.0.2").resolve() / "bin/nvcc"
        nvcc.parent.chmod(0o755)
        nvcc.unlink()
        self.assertWorks(self.install("13.0.2"))
        self.assertIn("release 13.0", self.assertWorks(self.home.run(self.toolkit("13.0.2") / "bin/nvcc", "--version")).out)

    def spoil(self, path, data):
        path.parent.chmod(0o755)
        path.chmod(0o644)
        path.write_bytes(data)

    def noticed_and_repaired(self):
        answer = self.assertWorks(self.home.cudaenv("list", "--json")).json
        self.assertEqual(answer["toolkits"], [])
        self.assertEqual(len(answer["damaged"]), 1)
        self.assertIn("damaged", self.assertWorks(self.home.cudaenv("list")).err)
        self.assertWorks(self.install("13.0.2"))
        answer = self.assertWorks(self.home.cudaenv("list", "--json")).json
        self.assertEqual((len(answer["toolkits"]), answer["damaged"]), (1, []))
        self.assertIn("release 13.0", self.assertWorks(self.home.run(self.toolkit("13.0.2") / "bin/nvcc", "--version")).out)
