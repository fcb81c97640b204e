"""Runs tests/tools/fetch_tool in a sealed home."""

import hashlib
import json
import tempfile

import sealed

TOOL = "libexec/cudaenv-tests/fetch_tool"


def tool():
    return sealed.prefix() / TOOL


def start(home, *jobs, **options):
    """One line a job; the answer of each is a line of the standard output."""
    with tempfile.TemporaryFile() as lines:
        lines.write("".join(json.dumps(job) + "\n" for job in jobs).encode())
        lines.seek(0)
        return home.start(tool(), sealed.prefix() / "libexec/cudaenv", stdin=lines, **options)


def answers(ran):
    if ran.status != 0:
        raise AssertionError(str(ran))
    return [json.loads(line) for line in ran.out.splitlines()]


def run(home, *jobs, timeout=60, **options):
    return answers(start(home, *jobs, **options).finish(timeout))


def artifact(url, content, size=True):
    given = {"url": url, "sha256": hashlib.sha256(content).hexdigest()}
    if size is True:
        given["size"] = len(content)
    elif size:
        given["size"] = size
    return given
