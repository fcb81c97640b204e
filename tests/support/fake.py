"""Toolkits of shell scripts, put where an install would put them: for tests of choosing and activating.

    path = fake_toolkit(home, "12.8.1")              # bin/nvcc says its own path and its arguments
"""

import hashlib
import pathlib

SCRIPT = """#!/bin/sh
echo "{tool} {version} from $0"
for word; do echo "argument $word"; done
"""


def receipt(identity, version, components):
    """The text that the store writes for a toolkit."""
    out = (f'schema = 1\nid = "{identity}"\nversion = "{version}"\nchannel = "wheels"\nlinked = 0\nfiles = 3\nbytes = 300\n'
           f'tree_sha256 = "{"0" * 64}"\ncomponents = {len(components)}\n')
    for name, witness in components:
        out += (f'\n[[component]]\nname = "{name}"\npackage = "nvidia-{name}"\nversion = "{version}"\nsha256 = "{"1" * 64}"\n'
                f'filename = "{name}.whl"\nwitness = "{witness}"\n')
    return out + "\n# end\n"


def fake_toolkit(home, version, tools=("nvcc", "ptxas"), lib=True):
    """Makes toolkit `version` with these tools under the root of `home`; returns its real path."""
    identity = hashlib.sha256(version.encode()).hexdigest()[:32]
    tree = pathlib.Path(home.root) / "toolkits" / identity
    made = [home.root, home.root / "toolkits", home.root / "names", tree, tree / "bin"]
    for folder in made:
        folder.mkdir(parents=True, exist_ok=True)
    if lib:
        (tree / "lib").mkdir(exist_ok=True)
        (tree / "lib64").symlink_to("lib")
        (tree / "lib" / "libcudart.so.12").write_bytes(b"")
        made.append(tree / "lib")
    for tool in tools:
        path = tree / "bin" / tool
        path.write_text(SCRIPT.format(tool=tool, version=version))
        path.chmod(0o755)
    (home.root / "layout-version").write_text("1\n")
    (tree / "receipt.toml").write_text(receipt(identity, version, [(tool, f"bin/{tool}") for tool in tools]))
    link = home.root / "names" / version
    if not link.is_symlink():
        link.symlink_to(f"../toolkits/{identity}")
    home.own(*made)
    return tree.resolve()
