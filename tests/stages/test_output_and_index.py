"""How a stage's shards are cut at its end, and an index of digests that outlives workspaces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from command import Millrace

CONFIG = """\
version: 1
name: days
params: {{day: "1"}}
workspace: ./workspace
sources: {{web: {{type: jsonl, path: "in/${{param:day}}-*.jsonl"}}}}
contract:
  columns: {{id: {{type: int64, required: true}}, text: {{type: string}}}}
stages:
  - name: all
    operators: [{{id: some, type: where, expr: "id % 7 != 0"}}]
    output: {output}
  - name: once
    operators: [{{id: same, type: exact_dedup, fields: [text]{index}}}]
exports:
  all: {{type: parquet, from: all, path: out/all, overwrite: true}}
  once: {{type: parquet, path: out/once, overwrite: true}}
"""
INDEX = ', index: seen, index_as: "day-${param:day}"'


def make(folder: Path, output: str = "{rows_per_shard: 50}", index: str = "") -> None:
    (folder / "in").mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(CONFIG.format(output=output, index=index))
    for day in (1, 2):
        for part in range(3):
            first = day * 100 + part * 60
            rows = [
                {"id": n, "text": None if n % 50 == 0 else f"text {n}"}
                for n in range(first, first + 120)
            ]
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / "in" / f"{day}-{part}.jsonl").write_text(text)


def shards(folder: Path, export: str) -> list[int]:
    release = folder / "out" / export / "latest"
    return [pq.read_metadata(path).num_rows for path in sorted(release.glob("*.parquet"))]


def texts(folder: Path) -> list[str | None]:
    return list(pq.read_table(folder / "out" / "once" / "latest")["text"].to_pylist())


def ids(folder: Path, export: str) -> list[int]:
    return list(pq.read_table(folder / "out" / export / "latest")["id"].to_pylist())


def run(millrace: Millrace, folder: Path, *args: str) -> Any:
    return millrace.ok("run", "pipeline.yaml", "--json", *args, cwd=folder).json()


def test_output_cuts_shards_and_changes_no_row(millrace: Millrace, tmp_path: Path) -> None:
    found = {}
    for name, output in {
        "plain": "{rows_per_shard: 50}",
        "joined": "{rows_per_shard: 500, bytes_per_shard: 3KiB}",
        "even": "{rows_per_shard: 50, shards_multiple_of: 4}",
    }.items():
        make(tmp_path / name, output)
        run(millrace, tmp_path / name)
        found[name] = shards(tmp_path / name, "all")
        assert ids(tmp_path / name, "all") == ids(tmp_path / "plain", "all")
        assert ids(tmp_path / name, "once") == ids(tmp_path / "plain", "once")
        again = run(millrace, tmp_path / name)
        assert again["splits_skipped"] == again["splits_done"] > 0
        millrace.ok("verify", "workspace", cwd=tmp_path / name)
        millrace.ok("gc", "workspace", cwd=tmp_path / name)
        third = run(millrace, tmp_path / name)
        assert third["splits_skipped"] == third["splits_done"]
    assert all(rows <= 50 for rows in found["plain"])
    assert len(found["even"]) % 4 == 0
    assert max(found["even"]) - min(found["even"]) <= 1
    assert len(found["joined"]) < len(found["plain"])


def test_the_bytes_do_not_depend_on_what_memory_holds(millrace: Millrace, tmp_path: Path) -> None:
    trees = []
    for memory in ("192MiB", "4GiB"):
        folder = tmp_path / memory
        make(folder, "{bytes_per_shard: 2KiB}")
        run(millrace, folder, "--memory", memory)
        trees.append(
            {
                path.relative_to(folder): path.read_bytes()
                for path in sorted((folder / "workspace" / "stages").rglob("*"))
                if path.is_file()
            }
        )
    assert trees[0] == trees[1]


def test_an_index_drops_what_other_days_had(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path, index=INDEX)
    run(millrace, tmp_path)
    first = texts(tmp_path)
    assert first.count(None) == 1
    assert len(first) == len(set(first)) > 100
    run(millrace, tmp_path, "--set", "day=2")
    second = texts(tmp_path)
    assert not set(first) & set(second)
    assert len(second) > 50
    parts = {path.name: path.read_bytes() for path in (tmp_path / "seen").glob("day-*")}
    assert len(parts) == 4
    # Another workspace, and the first day once more: what they find is the same.
    shutil.rmtree(tmp_path / "workspace")
    run(millrace, tmp_path, "--set", "day=2")
    assert texts(tmp_path) == second
    run(millrace, tmp_path)
    assert texts(tmp_path) == first
    assert {path.name: path.read_bytes() for path in (tmp_path / "seen").glob("day-*")} == parts
    # A day that is forgotten is new to the others.
    (tmp_path / "seen" / "day-1.json").unlink()
    run(millrace, tmp_path, "--set", "day=2")
    assert len(texts(tmp_path)) > len(second)


def test_a_name_in_an_index_needs_the_index(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path, index=", index_as: mine")
    done = millrace("validate", "pipeline.yaml", cwd=tmp_path)
    assert done.code == 1
    assert "`index_as` has no effect without `index`" in done.err
