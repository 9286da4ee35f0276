"""The demo: this machine's own files in, an audited release out, without any network."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo" / "pipeline.yaml"


def without_network() -> list[str]:
    """A prefix that gives a command an empty network namespace, where this user may have one."""
    for prefix in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        try:
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
        except FileNotFoundError:
            pass
    return []


def make_data(folder: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "demo_data.py")]
    subprocess.run([*command, "--out", str(folder), "--limit", "4000000"], check=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run of the demo's own config over less data: its folder and its JSON result."""
    folder = tmp_path_factory.mktemp("demo")
    make_data(folder / "data")
    config = folder / "pipeline.yaml"
    text = DEMO.read_text()
    assert text.count("../../build/demo/") >= 5
    config.write_text(text.replace("../../build/demo/", ""))
    binary = os.environ.get("MILLRACE_BIN", str(ROOT / "build" / "cli" / "millrace"))
    done = subprocess.run(
        [*without_network(), binary, "run", str(config), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def rows_in(folder: Path) -> int:
    with (folder / "data" / "packages.csv").open(newline="", errors="surrogateescape") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    for path in (folder / "data").glob("*.jsonl"):
        rows += path.read_bytes().count(b"\n")
    return rows


def test_every_row_is_accounted_for(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, result = demo
    assert result["rows_read"] == rows_in(folder)
    assert result["rows_read"] == result["rows_written"] + result["rows_rejected"]
    assert result["rows_rejected"] == sum(reason["rows"] for reason in result["rejects"])
    assert result["rows_written"] > 0


def test_the_release_is_plain_parquet(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, result = demo
    for export in result["exports"]:
        if export["name"] not in {"packages", "texts"}:
            continue
        release = folder / "release" / export["name"] / export["release_id"]
        assert parquet.read_table(release).num_rows == export["rows"] > 0


def test_the_data_depends_on_the_machine_alone(tmp_path: Path) -> None:
    make_data(tmp_path / "one")
    make_data(tmp_path / "two")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert "packages.csv" in files
    assert "texts-0.jsonl" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sum(path.stat().st_size for path in (tmp_path / "one").iterdir()) <= 4_000_000
