"""A pipeline whose stages make every kind of unit, and the bytes that a run of it leaves."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import datasets

import millrace

SOURCES = 6

_STAGES = """\
stages:
  - name: quality
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: keep, type: where, expr: "stats.words >= 3"}
      - {id: once, type: exact_dedup, fields: [text]}
      - {id: first, type: limit, rows: 900}
  - name: other
    input: s0
    operators:
      - {id: stats, type: text_stats, field: text}
  - name: mixed
    inputs: {quality: {weight: 0.7, caps: {bytes: 100KiB}}, other: {weight: 0.3}}
    mixture: {unit: bytes, stop: all_exhausted}
    operators:
      - {id: up, type: derive, column: size, expr: "id * 2"}
    output_mixture: {buckets: {even: "size % 4 = 0", rest: "true"}, quota: {even: 0.5, rest: 0.5}}
  - name: shuffled
    operators:
      - {id: mix, type: shuffle}
    output: {shards_multiple_of: 3}
exports:
  train: {type: parquet, from: shuffled, path: out}
"""


def write(folder: Path, sources: int = SOURCES, rows: int = 400, stages: str = _STAGES) -> Path:
    """The config of a pipeline over so many CSV files, each a source and so a split of its own."""
    (folder / "in").mkdir(parents=True)
    words = [f"word{i}" for i in range(60)]
    named = []
    for source in range(sources):
        choose = random.Random(source)
        lines = ["id,text"]
        for row in range(rows):
            length = choose.randrange(1, 7)
            id_ = "x" if choose.random() < 0.02 else str(source * rows + row)
            lines.append(f"{id_},{' '.join(choose.choice(words) for _ in range(length))}")
        path = folder / f"in/s{source}.csv"
        path.write_text("\n".join(lines) + "\n")
        os.utime(path, (1_700_000_000, 1_700_000_000))
        named.append(f"  s{source}: {{type: csv, path: in/s{source}.csv}}")
    config = folder / "pipeline.yaml"
    config.write_text(
        "version: 1\nname: many\nworkspace: ./workspace\nsources:\n"
        + "\n".join(named)
        + "\ncontract:\n  columns:\n    id: {type: int64, required: true, unique: true}\n"
        + "    text: {type: string, required: true}\n"
        + stages
    )
    return config


def tree(folder: Path) -> dict[str, str]:
    """The hash of every file that runs left there. Not of attempts, which tell of clocks, of the
    cache of input hashes, which knows files by their inodes, and of what `datasets` maps."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        told = "/attempts/" in name or name.endswith("/hashes.json") or name.startswith("datasets/")
        if path.is_file() and not path.is_symlink() and not told:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def left_by(config: Path) -> dict[str, str]:
    """Of the workspace and the exports of a run."""
    folder = config.parent
    return {**tree(folder / "workspace"), **tree(folder / "out")}


def run_locally(config: Path) -> dict[str, str]:
    """What the engine alone leaves of the same pipeline, in a folder beside it."""
    beside = config.parent.parent / "local"
    (beside / "in").mkdir(parents=True)
    for file in (config.parent / "in").iterdir():
        copy = beside / "in" / file.name
        copy.write_bytes(file.read_bytes())
        os.utime(copy, (1_700_000_000, 1_700_000_000))
    (beside / config.name).write_text(config.read_text())
    millrace.Pipeline.from_yaml(beside / config.name).run(threads=2)
    return left_by(beside / config.name)


def repeated_rows() -> tuple[datasets.Dataset, millrace.Pipeline]:
    """Rows of which some stand twice, and what keeps the first of each."""
    rows = datasets.Dataset.from_dict({"text": [f"row {i % 700}" for i in range(1000)]})
    pipeline = millrace.Pipeline(
        "rows",
        sources={"train": {"type": "dataset"}},
        stages=[millrace.Stage("once", [millrace.ops.ExactDedup(id="d", fields=["text"])])],
    )
    return rows, pipeline
