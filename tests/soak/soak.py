"""The long tests: big files under a small memory limit and thousands of kills.

Usage: soak.py [csv] [jsonl] [dedup] [shuffle] [splits] [kills]
               [--gigabytes N] [--memory MIB] [--scale N] [--kills N] [--minutes N] [--at-once N]

Without parts, all of them. `--scale 0.1` makes a tenth of dedup's and shuffle's rows.
docs/soak.md gets the figures of each part's last run, which are kept in build/soak/. A big file
needs about three times its size under TMPDIR.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from command import anonymous_rss  # noqa: E402
from invariants.pipelines import fingerprint, make_inputs  # noqa: E402

BINARY = Path(os.environ.get("MILLRACE_BIN", ROOT / "build" / "cli" / "millrace"))

BIG_CONFIG = """\
version: 1
name: big
workspace: ./workspace
sources:
  big: {type: TYPE, path: data.TYPE}
contract:
  version: 1
  columns:
    id: {type: int64, required: true, unique: true}
    day: {type: date, required: true}
    price: {type: "decimal(12,2)"}
    text: {type: string, required: true}
exports:
  out: {type: parquet, path: out}
"""


STAGE_CONFIG = """\
version: 1
name: big
workspace: ./workspace
sources:
  big: {type: parquet, path: data.parquet}
contract:
  version: 1
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
stages:
  - name: whole
    operators: [OPERATOR]
exports:
  out: {type: parquet, path: out}
"""

DEDUP_ROWS = 50_000_000
SHUFFLE_ROWS = 10_000_000
SHUFFLE_TEXT = 1000  # bytes of a row


@dataclass
class Kills:
    seed: int
    attempts: int = 0
    killed: int = 0
    rounds: int = 0
    seconds: float = 0


def run(folder: Path, *args: str) -> None:
    command = [str(BINARY), "run", "pipeline.yaml", *args]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def soak_kills(count: int, minutes: float, seed: int) -> Kills:
    """Kills at random moments, `count` or as many as there is time for.

    Every round of them ends in a whole run that must give the same bytes.
    """
    result = Kills(seed)
    rng = random.Random(seed)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        make_inputs(base)
        before = time.monotonic()
        run(base)
        whole = time.monotonic() - before
        reference = fingerprint(base)
        while result.killed < count and time.monotonic() - started < minutes * 60:
            folder = base / "round"
            folder.mkdir()
            make_inputs(folder)
            for _ in range(rng.randint(1, 8)):
                process = subprocess.Popen(
                    [str(BINARY), "run", "pipeline.yaml"],
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                time.sleep(rng.uniform(0, whole * 1.1))
                process.send_signal(signal.SIGKILL)
                result.attempts += 1
                result.killed += process.wait() == -signal.SIGKILL
            run(folder)
            subprocess.run([str(BINARY), "gc", "workspace"], cwd=folder, check=True, stdout=-3)
            if fingerprint(folder) != reference:
                raise SystemExit(f"bytes differ after kills; seed {seed}, round {result.rounds}")
            result.rounds += 1
            shutil.rmtree(folder)
    result.seconds = time.monotonic() - started
    return result


def soak_kills_at_once(count: int, minutes: float, seed: int, at_once: int) -> Kills:
    """The same by some processes beside each other, each with a seed of its own from `seed` on."""
    started = time.monotonic()
    with ProcessPoolExecutor(at_once) as pool:
        parts = [
            pool.submit(soak_kills, -(-count // at_once), minutes, seed + i) for i in range(at_once)
        ]
        done = [part.result() for part in parts]
    result = Kills(seed, seconds=time.monotonic() - started)
    result.attempts = sum(part.attempts for part in done)
    result.killed = sum(part.killed for part in done)
    result.rounds = sum(part.rounds for part in done)
    return result


BLOCK = 20011  # rows whose text differs; a prime, so that blocks do not fall in step with chunks


def rest_of_row(row: int, kind: str) -> str:
    """All of a line but its first field, the number of the row."""
    words = ["alpha", "beta, with a comma", 'gamma "quoted"', "delta\nnew line", "epsilon"]
    text = " ".join((words[row % 5], words[row % 3], words[row % 4])) + str(row * 7919)
    day = f"2026-{row % 12 + 1:02}-{row % 28 + 1:02}"
    price = f"{row % 10**6}.{row % 100:02}"
    if kind == "csv":
        quoted = text.replace('"', '""')
        return f',{day},{price},"{quoted}"\n'
    quoted = text.replace('"', '\\"').replace("\n", "\\n")
    return f',"day":"{day}","price":{price},"text":"{quoted}"}}\n'


def write_big(path: Path, gigabytes: float, kind: str) -> int:
    """A file of that size; returns its rows."""
    target = int(gigabytes * (1 << 30))
    rests = [rest_of_row(row, kind) for row in range(BLOCK)]
    start = "" if kind == "csv" else '{"id":'
    row = 0
    written = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        if kind == "csv":
            written += out.write("id,day,price,text\n")
        while written < target:
            written += out.write(
                "".join([f"{start}{row + i}{rest}" for i, rest in enumerate(rests)])
            )
            row += BLOCK
    return row


@dataclass
class Big:
    kind: str
    gigabytes: float
    rows: int
    peak_anonymous_mib: int
    seconds: float


def rows_exported(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet"))


@dataclass
class Global:
    kind: str
    rows: int
    rows_out: int
    gigabytes: float  # of values
    peak_anonymous_mib: int
    seconds: float


def write_rows(
    path: Path, rows: int, texts_of: Callable[[np.ndarray], pa.Array], rows_per_group: int
) -> int:
    """A Parquet file of ids from 0 on and their texts; returns the bytes of its values."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    size = 0
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as out:
        for begin in range(0, rows, rows_per_group):
            ids = np.arange(begin, min(begin + rows_per_group, rows), dtype=np.int64)
            batch = pa.record_batch([pa.array(ids), texts_of(ids)], schema=schema)
            size += batch.nbytes
            out.write_batch(batch)
    return size


def short_texts(distinct: int) -> Callable[[np.ndarray], pa.Array]:
    """Of the first `distinct` ids all differ; those behind repeat them."""
    return lambda ids: pa.array(ids % distinct * 7919 % (1 << 31)).cast(pa.string())


def long_texts(rng: np.random.Generator) -> Callable[[np.ndarray], pa.Array]:
    pool = "".join(rng.choice(list("abcdefgh ij"), 1 << 20))
    starts = rng.integers(0, len(pool) - SHUFFLE_TEXT, 1 << 16)
    texts = pa.array([pool[start : start + SHUFFLE_TEXT] for start in starts])
    return lambda ids: texts.take(pa.array(ids % len(texts)))


def measured_run(folder: Path, limit_mib: int) -> tuple[int, float]:
    """The peak of anonymous memory, in bytes, and the seconds that a run took."""
    started = time.monotonic()
    process = subprocess.Popen(
        [str(BINARY), "run", "pipeline.yaml", "--memory", f"{limit_mib}MiB"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_rss(process.pid))
        time.sleep(0.02)
    if process.returncode != 0:
        raise SystemExit(f"the run in {folder} ended with {process.returncode}")
    if peak > limit_mib << 20:
        raise SystemExit(f"{peak >> 20} MiB in use, the limit is {limit_mib} MiB")
    return peak, time.monotonic() - started


def ids_exported(folder: Path) -> np.ndarray:
    release = json.loads((folder / "LATEST.json").read_text())["release_id"]
    files = sorted((folder / release).glob("**/*.parquet"))
    return np.concatenate([pq.read_table(f, columns=["id"])["id"].to_numpy() for f in files])


def soak_stage(kind: str, scale: float, limit_mib: int) -> Global:
    """A global operator over far more rows than fit into memory, and what it must give."""
    rows = int((DEDUP_ROWS if kind == "dedup" else SHUFFLE_ROWS) * scale)
    distinct = rows * 4 // 5 if kind == "dedup" else rows
    rng = np.random.default_rng(7)
    texts = short_texts(distinct) if kind == "dedup" else long_texts(rng)
    operator = (
        "{id: once, type: exact_dedup, fields: [text]}"
        if kind == "dedup"
        else "{id: mix, type: shuffle}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_rows(
            folder / "data.parquet", rows, texts, 200_000 if kind == "dedup" else 20_000
        )
        (folder / "pipeline.yaml").write_text(STAGE_CONFIG.replace("OPERATOR", operator))
        peak, seconds = measured_run(folder, limit_mib)
        ids = ids_exported(folder / "out")
    in_order = np.array_equal(ids, np.arange(distinct, dtype=np.int64))
    if kind == "dedup" and not in_order:
        raise SystemExit(f"dedup: {len(ids)} rows came out, not the first {distinct}")
    if kind == "shuffle" and in_order:
        raise SystemExit("shuffle: the rows are in the order they came in")
    if not np.array_equal(np.sort(ids), np.arange(distinct, dtype=np.int64)):
        raise SystemExit(f"{kind}: rows were lost or came twice")
    return Global(kind, rows, len(ids), size / (1 << 30), peak >> 20, seconds)


@dataclass
class Splits:
    told: str  # what the test measured


def soak_splits() -> Splits:
    """10,000 splits: how long a run looks at what is committed."""
    test = BINARY.parent.parent / "engine" / "millrace_stage_test"
    done = subprocess.run(
        [test, "--no-skip", "--test-case=*within seconds*"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout)
    return Splits(next(line for line in done.stdout.splitlines() if "first run" in line).strip())


def soak_memory(kind: str, gigabytes: float, limit_mib: int) -> Big:
    """A run over a big file, whose peak of anonymous memory must stay below the limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_big(folder / f"data.{kind}", gigabytes, kind)
        (folder / "pipeline.yaml").write_text(BIG_CONFIG.replace("TYPE", kind))
        peak, seconds = measured_run(folder, limit_mib)
        if rows_exported(folder / "out") != rows:
            raise SystemExit(f"{rows_exported(folder / 'out')} rows came out of {rows}")
        return Big(kind, gigabytes, rows, peak >> 20, seconds)


def report(figures: Path, memory: int) -> str:
    def kept(part: str) -> dict[str, Any] | None:
        path = figures / f"{part}.json"
        return json.loads(path.read_text()) if path.exists() else None

    text = f"""# Soak

The figures of the last `make soak`, on {os.cpu_count()} cores ({platform.machine()}). Durations are
no measure of speed: [benchmarks.md](benchmarks.md) has those.

## Memory

Big files under `--memory {memory}MiB`, with `unique` on an id, exported as Parquet. The peak is of
anonymous memory, looked at fifty times a second; a run whose peak is above the limit fails.

| File | Size | Rows in and out | Peak | Duration |
| --- | --- | --- | --- | --- |
"""
    for part in ("csv", "jsonl"):
        if big := kept(part):
            text += f"| {part} | {big['gigabytes']:g} GiB | {big['rows']:,} "
            text += f"| {big['peak_anonymous_mib']} MiB | {big['seconds']:.0f} s |\n"
    text += """
## Global operators

The same, of stages that must know of all rows: `exact_dedup` of short texts of which a fifth
repeats an earlier one, and `shuffle` of texts of 1,000 bytes.

| Stage | Rows in | Rows out | Values | Peak | Duration |
| --- | --- | --- | --- | --- | --- |
"""
    for part in ("dedup", "shuffle"):
        if stage := kept(part):
            text += f"| {part} | {stage['rows']:,} | {stage['rows_out']:,} "
            text += f"| {stage['gigabytes']:.1f} GiB | {stage['peak_anonymous_mib']} MiB "
            text += f"| {stage['seconds']:.0f} s |\n"
    if splits := kept("splits"):
        text += f"\n## 10,000 splits\n\nA stage and its ingest: {splits['told']}.\n"
    if kills := kept("kills"):
        text += f"""
## Kills

| What | Figure |
| --- | --- |
| Runs killed with SIGKILL at a random moment | {kills["killed"]} of {kills["attempts"]} started |
| Rounds of kills resumed to the same bytes | {kills["rounds"]} of {kills["rounds"]} |
| Seed, duration | {kills["seed"]}, {kills["seconds"]:.0f} s |
"""
    return text


PARTS = ("csv", "jsonl", "dedup", "shuffle", "splits", "kills")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--scale", type=float, default=1, help="of dedup's and shuffle's rows")
    parser.add_argument("--kills", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=120, help="no more than that for kills")
    parser.add_argument("--at-once", type=int, default=2, help="runs to kill beside each other")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 31))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "soak.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    figures = ROOT / "build" / "soak"
    figures.mkdir(parents=True, exist_ok=True)
    for part in options.parts or PARTS:
        result: Big | Kills | Global | Splits
        if part == "kills":
            result = soak_kills_at_once(
                options.kills, options.minutes, options.seed, options.at_once
            )
        elif part == "splits":
            result = soak_splits()
        elif part in ("dedup", "shuffle"):
            result = soak_stage(part, options.scale, options.memory)
        else:
            result = soak_memory(part, options.gigabytes, options.memory)
        print(result, flush=True)
        (figures / f"{part}.json").write_text(json.dumps(asdict(result)))
    options.report.write_text(report(figures, options.memory))


if __name__ == "__main__":
    main()
