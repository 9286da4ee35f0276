"""What a run gave under a DataLoader of torch with two workers, forked and spawned."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command import BUILT_PACKAGE, ROOT

DEBIANS = Path("/usr/lib/python3/dist-packages")


def packages_of_torch(links: Path) -> list[str]:
    """Where torch is found: among the packages of these tests, else Debian's, which comes with the
    numpy that it is built for."""
    if importlib.util.find_spec("torch") is not None:
        return []
    if not (DEBIANS / "torch").is_dir():
        pytest.skip("no torch here: Debian's is the package python3-torch")
    links.mkdir()
    for name in ("torch", "functorch", "numpy"):
        for found in DEBIANS.glob(f"{name}*"):
            (links / found.name).symlink_to(found)
    return [str(links)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_two_workers_give_every_row_once(tmp_path: Path, method: str) -> None:
    path = [*packages_of_torch(tmp_path / "links"), str(BUILT_PACKAGE)]
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "data_loader.py", method, tmp_path / "a folder"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    even = range(0, 4000, 2)
    for way in ("map", "stream", "lazy, here"):
        assert (told[way]["rows"], told[way]["sum"]) == (len(even), sum(even)), way
    assert told["map"]["in_order"] == (method == "spawn")  # the others are shuffled
    if method == "fork":
        for kind in ("map", "stream"):
            ranks = [told[f"{kind}, rank {rank}"] for rank in range(2)]
            assert [one["rows"] for one in ranks] == [1000, 1000]
            assert sum(one["sum"] for one in ranks) == sum(even)
    assert "come from the process that called `run`" in told["lazy"]
