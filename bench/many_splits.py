"""Times what 10,000 splits keep a run from: its plan, its first work after a crash, and its end
where nothing is to be done.

Usage: bench/many_splits.py --build build [--splits 10000] [--rounds 3] [--keep FOLDER]

A split is usually some megabytes. To have many of them of little data, the files are given names
with which the planner ends a group of small files at each of them. The stage behind ingest has
splits of its own, but few: it reads the many shards that ingest leaves.

- plan: `millrace plan` of the committed workspace, the hashes of its inputs being cached
- nothing to do: `millrace run` of it
- resume: one commit record is taken away, as if the run had been killed before it; how long from
  the start of `millrace run` until that split is committed again, and until the run ends
- a third: every third record is taken away; how long until the first split is committed
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import xxhash

CONFIG = """\
version: 1
name: many
workspace: ./workspace
sources: {s: {type: jsonl, path: in/}}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
stages:
  - name: unique
    operators: [{id: once, type: exact_dedup, fields: [text]}]
"""

SPLIT_BYTES, FILE_COST = 64 << 20, 64 << 10


def ends_group(key: str, size: int) -> bool:
    """As engine/stage/split.cc has it."""
    return xxhash.xxh3_64_intdigest(key.encode()) >> 32 < ((size + FILE_COST) << 32) // SPLIT_BYTES


def make(folder: Path, splits: int) -> None:
    (folder / "pipeline.yaml").write_text(CONFIG)
    (folder / "in").mkdir()
    rng = random.Random(7)
    number = made = 0
    while made < splits:
        name = f"{number}.jsonl"
        number += 1
        if not ends_group(name, 0):
            continue
        rows = ({"id": made * 3 + n, "text": f"text {rng.randrange(splits * 2)}"} for n in range(3))
        (folder / "in" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        made += 1


class Workspace:
    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary, self.folder = binary, folder

    def command(self, *words: str) -> tuple[float, float, dict[str, Any]]:
        """Seconds, when it began, and what it says."""
        began, start = time.time(), time.perf_counter()
        done = subprocess.run(
            [self.binary, *words, "pipeline.yaml", "--json"],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return time.perf_counter() - start, began, json.loads(done.stdout)

    def first_commit(self, began: float) -> float:
        """Seconds from `began` until the newest attempt committed a split."""
        logs = self.folder.glob("workspace/runs/*/attempts/*.jsonl")
        newest = max(logs, key=lambda path: path.stat().st_mtime_ns)
        for line in newest.read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "split_committed":
                told = datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
                return told.timestamp() - began
        raise SystemExit(f"{newest} tells of no split that was committed")

    def commits(self, stage: str) -> list[Path]:
        return sorted(self.folder.glob(f"workspace/stages/{stage}/*/commits/*.json"))


def measure(work: Workspace) -> dict[str, float]:
    times: dict[str, float] = {}
    times["plan"], _, _ = work.command("plan")
    times["nothing to do"], _, told = work.command("run")
    assert told["splits_skipped"] == told["splits_total"], told
    commits = work.commits("ingest")
    commits[len(commits) // 2].unlink()
    times["resume, whole"], began, _ = work.command("run")
    times["resume, first work"] = work.first_commit(began)
    commits = work.commits("ingest")
    for path in commits[::3]:
        path.unlink()
    times["a third, whole"], began, _ = work.command("run")
    times["a third, first work"] = work.first_commit(began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--splits", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="make the workspace here, and leave or reuse it")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp())
    work = Workspace((arguments.build / "cli/millrace").resolve(), folder)
    if not (folder / "pipeline.yaml").exists():
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, arguments.splits)
    first, _, told = work.command("run")
    print(f"first run: {first:.2f} s, {told['splits_total']} splits")
    rounds = [measure(work) for _ in range(arguments.rounds)]
    for name in rounds[0]:
        values = [times[name] for times in rounds]
        print(
            f"{name}: {statistics.median(values):.2f} s (of {min(values):.2f} to {max(values):.2f})"
        )
    if arguments.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
