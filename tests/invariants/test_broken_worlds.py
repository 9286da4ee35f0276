"""Broken inputs and hostile surroundings: a clear error or rejects, and nothing lost."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command import Millrace, Outcome, anonymous_rss
from invariants.pipelines import fingerprint, make_inputs

IS_ROOT = os.geteuid() == 0


def config(
    folder: Path, kind: str = "csv", path: str = "in", columns: str = "", more: str = ""
) -> Path:
    text = f"""\
version: 1
name: broken
workspace: ./workspace
sources:
  s: {{type: {kind}, path: "{path}"{more}}}
contract:
  version: 1
  columns:
    a: {{type: string}}
    b: {{type: int64}}
{columns}
exports:
  out: {{type: jsonl, path: out, overwrite: true}}
"""
    file = folder / "p.yaml"
    file.write_text(text)
    return file


def run_json(millrace: Millrace, file: Path) -> dict[str, Any]:
    result: dict[str, Any] = millrace.ok("run", file, "--json").json()
    assert result["rows_read"] == result["rows_written"] + result["rows_rejected"]
    return result


def rejects_by_rule(result: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in result["rejects"]:
        counts[reason["rule"]] = counts.get(reason["rule"], 0) + reason["rows"]
    return counts


def rows_out(folder: Path) -> list[dict[str, Any]]:
    latest = json.loads((folder / "out" / "LATEST.json").read_text())
    release = folder / "out" / latest["release_id"]
    lines: list[dict[str, Any]] = []
    for part in sorted(release.glob("*.jsonl")):
        lines += [json.loads(line) for line in part.read_text().splitlines()]
    return lines


def test_empty_file(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "empty.csv").touch()
    (tmp_path / "in" / "full.csv").write_text("a,b\nx,1\n")
    result = run_json(millrace, config(tmp_path))
    assert result["rows_written"] == 1


def test_header_only(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b\n")
    result = run_json(millrace, config(tmp_path))
    assert result["rows_read"] == 0
    assert rows_out(tmp_path) == []


def test_one_line_without_newline(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b\nx,1")
    run_json(millrace, config(tmp_path))
    assert [(row["a"], row["b"]) for row in rows_out(tmp_path)] == [("x", 1)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_line_of_100_mb(millrace: Millrace, tmp_path: Path, kind: str) -> None:
    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / f"x.{kind}").open("wb") as out:
        out.write(b"a,b\nx,1\n" if kind == "csv" else b'{"a":"x","b":1}\n')
        out.write(b"" if kind == "csv" else b'{"a":"')
        for _ in range(100):
            out.write(b"y" * (1 << 20))
        out.write(b",2\nz,3\n" if kind == "csv" else b'","b":2}\n{"a":"z","b":3}\n')
    file = config(tmp_path, kind)
    done = millrace.ok("run", file, "--json", "--memory", "256MiB")
    result = done.json()
    assert rejects_by_rule(result) == {f"{'json' if kind == 'jsonl' else 'csv'}.record_too_long": 1}
    assert [row["a"] for row in rows_out(tmp_path)] == ["x", "z"]


def test_binary_file(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_bytes(os.urandom(1 << 16))
    outcome = millrace("run", config(tmp_path), "--json")
    assert outcome.code in (0, 1, 3), outcome.err
    if outcome.code == 0:
        result = outcome.json()
        assert result["rows_read"] == result["rows_written"] + result["rows_rejected"]
    else:
        assert "MR" in outcome.err


def test_truncated_gzip(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    whole = gzip.compress(b"a,b\n" + b"".join(b"row %d,%d\n" % (i, i) for i in range(50000)))
    (tmp_path / "in" / "x.csv.gz").write_bytes(whole[: len(whole) // 2])
    outcome = millrace("run", config(tmp_path))
    assert outcome.code == 1
    assert "x.csv.gz" in outcome.err and "MR2004" in outcome.err


def test_folder_without_files(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outcome = millrace("run", config(tmp_path))
    assert outcome.code == 1
    assert "MR1501" in outcome.err and "p.yaml:5" in outcome.err


@pytest.mark.skipif(IS_ROOT and shutil.which("setpriv") is None, reason="root reads everything")
def test_unreadable_file(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b\nx,1\n")
    (tmp_path / "in" / "x.csv").chmod(0)
    file = config(tmp_path)
    outcome = as_nobody(millrace, tmp_path, "run", file)
    assert outcome.code in (1, 75)
    assert "x.csv" in outcome.err
    assert "MR1501" in outcome.err or "MR3003" in outcome.err


@pytest.mark.skipif(IS_ROOT and shutil.which("setpriv") is None, reason="root writes everywhere")
def test_read_only_folder(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b\nx,1\n")
    file = config(tmp_path)
    tmp_path.chmod(0o555)
    outcome = as_nobody(millrace, tmp_path, "run", file)
    tmp_path.chmod(0o755)
    assert outcome.code == 75
    assert "MR3003" in outcome.err


def as_nobody(millrace: Millrace, folder: Path, *args: str | Path) -> Outcome:
    """Runs without root's powers: as nobody in a folder that is nobody's."""
    if not IS_ROOT:
        return millrace(*args, cwd=folder)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 65534, 65534)
    parent = folder.parent
    while parent != parent.parent and not parent.stat().st_mode & 0o001:
        parent.chmod(parent.stat().st_mode | 0o011)
        parent = parent.parent
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return millrace(*args, cwd=folder, prefix=drop)


@pytest.fixture()
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "millrace-test", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_then_room(millrace: Millrace, tmp_path: Path, small_disk: Path) -> None:
    make_inputs(tmp_path)
    (tmp_path / "workspace").symlink_to(small_disk)
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (1900 << 10))
    outcome = millrace("run", "pipeline.yaml", cwd=tmp_path)
    assert outcome.code == 75, outcome.err
    assert "MR3002" in outcome.err
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)


def test_duplicate_header_names(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b,a\nx,1,y\n")
    outcome = millrace("run", config(tmp_path))
    assert outcome.code == 1
    assert "`a`" in outcome.err and "x.csv" in outcome.err


def test_contract_names_a_missing_column(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,bb\nx,1\n")
    for command in ("validate", "run"):
        outcome = millrace(command, config(tmp_path))
        assert outcome.code == 1
        assert "MR1401" in outcome.err and "`bb`" in outcome.err and "p.yaml:" in outcome.err


def test_a_file_that_changes_while_it_is_read(millrace: Millrace, tmp_path: Path) -> None:
    """The file grows for as long as the run lasts."""
    (tmp_path / "in").mkdir()
    data = tmp_path / "in" / "x.csv"
    data.write_text("a,b\n" + "".join(f"row {i},{i}\n" for i in range(2_000_000)))
    file = config(tmp_path)
    process = subprocess.Popen(
        [str(millrace.binary), "run", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with data.open("a") as out:
        while process.poll() is None:
            out.write("more,1\n")
            out.flush()
    _, err = process.communicate()
    assert process.returncode == 1
    assert "MR2003" in err and "x.csv" in err
    assert not (tmp_path / "out").exists() or rows_never_released(tmp_path)


def rows_never_released(folder: Path) -> bool:
    return not (folder / "out" / "LATEST.json").exists()


def test_two_runs_in_one_workspace(millrace: Millrace, tmp_path: Path) -> None:
    make_inputs(tmp_path, rows=60000)
    command = [str(millrace.binary), "run", "pipeline.yaml"]
    pair = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    ends = [(process.communicate()[1].decode(), process.returncode) for process in pair]
    assert sorted(code for _, code in ends) in ([0, 75], [0, 0])
    for err, code in ends:
        assert code == 0 or "MR3004" in err
    alone = tmp_path / "alone"
    alone.mkdir()
    make_inputs(alone, rows=60000)
    millrace.ok("run", "pipeline.yaml", cwd=alone)
    assert fingerprint(tmp_path) == fingerprint(alone)


@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", "de_DE.UTF-8", "C", "xx_XX.nonsense"])
def test_strange_locale(millrace: Millrace, tmp_path: Path, locale: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("a,b,c\nI,1,1.5\n")
    file = config(tmp_path, columns="    c: {type: float64}")
    millrace.ok("run", file, env={"LC_ALL": locale, "LANG": locale})
    assert [(row["a"], row["c"]) for row in rows_out(tmp_path)] == [("I", 1.5)]


def test_no_network(millrace: Millrace, tmp_path: Path) -> None:
    prefix = ["unshare", "-rn"]
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("network namespaces are not permitted here")
    make_inputs(tmp_path)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path, prefix=prefix)


def peak_of(millrace: Millrace, *args: str, cwd: Path) -> int:
    process = subprocess.Popen(
        [str(millrace.binary), *args],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_rss(process.pid))
    assert process.returncode == 0
    assert peak > 0
    return peak


def test_peak_memory_stays_under_the_limit(millrace: Millrace, tmp_path: Path) -> None:
    make_inputs(tmp_path, rows=200_000)
    args = ("run", "pipeline.yaml", "--memory", "256MiB", "--threads", "2")
    assert peak_of(millrace, *args, cwd=tmp_path) <= 256 << 20


def peak_with_texts(
    millrace: Millrace, folder: Path, limit_mib: int, rows: int, length: int, **written: Any
) -> int:
    """The peak of a run over a Parquet file of texts that do not compress, `written` so."""
    noise = base64.b64encode(random.Random(7).randbytes(rows * length * 3 // 4))
    ends = pa.array(range(0, rows * length + 1, length), pa.int32())
    texts = pa.StringArray.from_buffers(rows, ends.buffers()[1], pa.py_buffer(noise))
    pq.write_table(pa.table({"text": texts}), folder / "data.parquet", **written)
    (folder / "p.yaml").write_text(
        "{version: 1, name: long, workspace: ./workspace, "
        "sources: {s: {type: parquet, path: data.parquet}}, "
        "exports: {out: {type: parquet, path: out}}}\n"
    )
    args = ("run", "p.yaml", "--memory", f"{limit_mib}MiB", "--threads", "2")
    return peak_of(millrace, *args, cwd=folder)


def test_peak_memory_with_a_row_group_of_long_texts(millrace: Millrace, tmp_path: Path) -> None:
    written = {"row_group_size": 120_000, "use_dictionary": False, "compression": "zstd"}
    assert peak_with_texts(millrace, tmp_path, 192, 120_000, 1_000, **written) <= 192 << 20


def test_peak_memory_with_pages_of_a_thousand_long_texts(
    millrace: Millrace, tmp_path: Path
) -> None:
    """Writers look at a page's size once in about a thousand values."""
    written = {"row_group_size": 1_100, "compression": "none"}
    assert peak_with_texts(millrace, tmp_path, 256, 2_200, 64_000, **written) <= 256 << 20
