"""Times stages beside peers that can do the same, all in one run.

Usage: bench/curation.py --build build [--mb 600] [--rounds 3] [--mixed-rows 300000]
                         [--only PART ...] [--report FILE]

- Mixtures: the schedule of three inputs beside `datasets.interleave_datasets`, in rows per second.
- Delivered rows: JSON Lines of three sources in, zstd Parquet of a mixture of them out, from
  nothing to the last file, beside `load_dataset`, `interleave_datasets` and `to_parquet` (which
  compresses with snappy).
- Exact deduplication: JSON Lines in, zstd Parquet of the first of equal texts out, beside DuckDB
  and Polars on as many threads. Millrace also writes what it ingested, the rejects with the row
  that each repeats, and a manifest; the peers write the rows. The peers' times are without their
  imports.
- Provenance: the same with `rejects: count`, which keeps nothing of a dropped row, and with `full`.

Needs a build with -DMILLRACE_BENCH=ON and its target schedule_benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from side_by_side import (
    ROOT,
    THREADS,
    Others,
    Sample,
    apart,
    in_turn,
    machine,
    measured,
    measured_inside,
    table,
)

CONFIG = """\
version: 1
name: dedup
workspace: ./workspace
sources: {web: {type: jsonl, path: web.jsonl}}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
stages:
  - name: unique
    operators: [{id: once, type: exact_dedup, fields: [text], rejects: REJECTS}]
exports:
  train: {type: parquet, path: out}
"""

DUCKDB = """
import duckdb
duckdb.sql("set threads = 2")
duckdb.sql("set enable_progress_bar = false")
def work():
    return duckdb.execute(\"\"\"copy (select id, text from (select id, text, row_number() over
      (partition by text order by id) as n from read_json('web.jsonl',
      columns = {id: 'BIGINT', text: 'VARCHAR'}, format = 'newline_delimited')) where n = 1)
      to 'duckdb.parquet' (format parquet, compression zstd)\"\"\").fetchone()[0]
"""

POLARS = """
import polars as pl
def work():
    pl.scan_ndjson("web.jsonl", schema={"id": pl.Int64, "text": pl.String}).unique(
        subset="text", keep="first").sink_parquet("polars.parquet", compression="zstd")
    return pl.scan_parquet("polars.parquet").select(pl.len()).collect().item()
"""

INTERLEAVE = """
import datasets, time, sys
rows = 200_000
sets = [datasets.Dataset.from_dict({"x": list(range(rows))}) for _ in range(3)]
start = time.perf_counter()
mixed = datasets.interleave_datasets(sets, probabilities=[0.6, 0.3, 0.1], seed=7)
print(len(mixed) / (time.perf_counter() - start))
"""

MIXTURE = """\
version: 1
name: mixture
workspace: ./mixed_workspace
sources:
  a: {type: jsonl, path: a.jsonl}
  b: {type: jsonl, path: b.jsonl}
  c: {type: jsonl, path: c.jsonl}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
inputs: {a: {weight: 0.6}, b: {weight: 0.3}, c: {weight: 0.1}}
mixture: {unit: rows, stop: first_exhausted}
stages: [{name: mixed}]
exports:
  train: {type: parquet, path: mixed_out}
"""

DELIVER = """
import datasets
datasets.disable_progress_bars()
sets = [
    datasets.load_dataset("json", data_files=f"{name}.jsonl", split="train", cache_dir="cache")
    for name in "abc"
]
mixed = datasets.interleave_datasets(sets, probabilities=[0.6, 0.3, 0.1], seed=7)
mixed.to_parquet("peer.parquet")
"""


def make_sources(folder: Path, rows: int) -> None:
    rng = random.Random(7)
    words = [f"word{n}" for n in range(20_000)]
    for name in "abc":
        with (folder / f"{name}.jsonl").open("w") as file:
            for number in range(rows):
                text = " ".join(rng.choices(words, k=rng.randint(5, 40)))
                file.write(json.dumps({"id": number, "text": text}) + "\n")


def delivered_rates(build: Path, rows: int, rounds: int) -> tuple[float, float]:
    """Rows per second of a mixture, ours and the peer's: the medians of all rounds."""
    from pyarrow import parquet

    rates: dict[str, list[float]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_sources(folder, rows)
        (folder / "mixture.yaml").write_text(MIXTURE)
        ours = [str(build / "cli" / "millrace"), "run", "mixture.yaml", "--threads", "2", "--quiet"]
        peer = [sys.executable, "-c", DELIVER]

        def run(command: list[str]) -> float:
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - start

        for _ in range(rounds):
            subprocess.run(["rm", "-rf", "mixed_workspace", "mixed_out"], cwd=folder, check=True)
            seconds = run(ours)
            files = [str(path) for path in (folder / "mixed_out" / "latest").glob("*.parquet")]
            written = sum(parquet.read_metadata(path).num_rows for path in files)
            rates["ours"].append(written / seconds)
            subprocess.run(["rm", "-rf", "cache", "peer.parquet"], cwd=folder, check=True)
            seconds = run(peer)
            written = parquet.read_metadata(folder / "peer.parquet").num_rows
            rates["peer"].append(written / seconds)
    return statistics.median(rates["ours"]), statistics.median(rates["peer"])


def make_data(path: str, megabytes: int) -> int:
    rng = random.Random(7)
    words = [f"word{n}" for n in range(20_000)]
    texts: list[str] = []
    written = 0
    number = 0
    with Path(path).open("w") as file:
        while written < megabytes << 20:
            repeat = texts and rng.random() < 0.2
            text = (
                rng.choice(texts) if repeat else " ".join(rng.choices(words, k=rng.randint(5, 80)))
            )
            if not repeat and len(texts) < 100_000:
                texts.append(text)
            line = json.dumps({"id": number, "text": text}) + "\n"
            file.write(line)
            written += len(line)
            number += 1
    return written


def schedule_rates(build: Path) -> tuple[float, float]:
    done = subprocess.run(
        [build / "engine" / "schedule_benchmark", "--benchmark_format=json"],
        capture_output=True,
        check=True,
    )
    ours = next(b for b in json.loads(done.stdout)["benchmarks"] if b["name"] == "Fill")
    peer = subprocess.run([sys.executable, "-c", INTERLEAVE], capture_output=True, check=True)
    return float(ours["items_per_second"]), float(peer.stdout)


def dedup(build: Path, megabytes: int, rounds: int) -> str:
    """Tables of exact deduplication and of what keeping the rejects costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for detail in ("keys", "count", "full"):
            (folder / f"{detail}.yaml").write_text(CONFIG.replace("REJECTS", detail))
        size = apart("curation", "make_data", folder / "web.jsonl", megabytes)
        environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}
        kept: dict[str, int] = {}

        def ours(detail: str) -> Sample:
            subprocess.run(["rm", "-rf", "workspace", "out"], cwd=folder, check=True)
            command = [str(build / "cli" / "millrace"), "run", f"{detail}.yaml"]
            sample, _ = measured([*command, "--threads", str(THREADS), "--quiet"], folder)
            kept["millrace"] = apart("curation", "rows_in", folder / "out")
            return sample

        def theirs(who: str, code: str) -> Sample:
            code = f"import sys; sys.path.insert(0, {str(ROOT / 'bench')!r})\n{code}"
            code += "\nfrom side_by_side import print_measured\nprint_measured(work)\n"
            sample, printed = measured_inside([sys.executable, "-c", code], folder, environment)
            kept[who] = int(printed["rows"])
            return sample

        def tables(title: str, works: dict[str, Callable[[], Sample]]) -> str:
            series = in_turn(title, rounds, works)
            for one in series:
                one.megabytes = size / 1e6
            return table(series)

        peers = tables(
            "exact dedup",
            {
                "millrace": partial(ours, "keys"),
                "duckdb": partial(theirs, "duckdb", DUCKDB),
                "polars": partial(theirs, "polars", POLARS),
            },
        )
        if len(set(kept.values())) != 1:
            raise SystemExit(f"they kept different numbers of rows: {kept}")
        provenance = tables(
            "rejects",
            {f"rejects: {detail}": partial(ours, detail) for detail in ("keys", "count", "full")},
        )
        return (
            f"\n## Exact deduplication: {kept['millrace']:,} rows stay\n\n{peers}"
            f"\n## What is kept of rows that are dropped\n\n{provenance}"
        )


def rows_in(folder: str) -> int:
    from pyarrow import parquet

    return sum(
        parquet.read_metadata(path).num_rows for path in Path(folder, "latest").glob("*.parquet")
    )


def mixtures(build: Path, rows: int, rounds: int) -> str:
    ours, peer = schedule_rates(build)
    text = "\n## Mixtures of three inputs\n\n| | millrace, rows/s | interleave_datasets | ratio |\n"
    text += f"| --- | --- | --- | --- |\n| schedule | {ours:,.0f} | {peer:,.0f} "
    text += f"| {ours / peer:,.0f} |\n"
    ours, peer = delivered_rates(build, rows, rounds)
    return text + f"| delivered | {ours:,.0f} | {peer:,.0f} | {ours / peer:.1f} |\n"


HEADER = """\
# Curation

Written by `bench/curation.py`, whose first lines say what each row is.
Machine: {machine}.
Medians of {rounds} rounds after one that is not counted.

While this ran, {state}.
"""
PARTS = ("mixtures", "dedup")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--mb", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixed-rows", type=int, default=300_000, help="of each of three sources")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--report", type=Path, help="where to write the tables as Markdown")
    told = parser.parse_args()
    build = told.build.resolve()
    others = Others()
    tables = ""
    if "mixtures" in told.only:
        tables += mixtures(build, told.mixed_rows, told.rounds)
    if "dedup" in told.only:
        tables += dedup(build, told.mb, told.rounds)
    text = HEADER.format(
        machine=machine(["duckdb", "polars", "datasets"]), rounds=told.rounds, state=others.state()
    )
    print(text + tables)
    if told.report:
        told.report.write_text(text + tables)


if __name__ == "__main__":
    main()
