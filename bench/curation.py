"""Times stages beside peers that can do the same, all in one run.

Usage: bench/curation.py --build build [--mb 600] [--rounds 3] [--mixed-rows 300000]

- Mixtures: the schedule of three inputs beside `datasets.interleave_datasets`, in rows per second.
- Delivered rows: JSON Lines of three sources in, zstd Parquet of a mixture of them out, from
  nothing to the last file, beside `load_dataset`, `interleave_datasets` and `to_parquet` (which
  compresses with snappy).
- Exact deduplication: JSON Lines in, zstd Parquet of the first of equal texts out, beside DuckDB
  and Polars on as many threads. Millrace also writes what it ingested, the rejects with the row
  that each repeats, and a manifest; the peers write the rows.
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
from pathlib import Path

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
import duckdb, sys
duckdb.sql("set threads = 2")
duckdb.sql(\"\"\"copy (select id, text from (select id, text, row_number() over
  (partition by text order by id) as n from read_json('web.jsonl',
  columns = {id: 'BIGINT', text: 'VARCHAR'}, format = 'newline_delimited')) where n = 1)
  to 'duckdb.parquet' (format parquet, compression zstd)\"\"\")
"""

POLARS = """
import os
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
pl.scan_ndjson("web.jsonl", schema={"id": pl.Int64, "text": pl.String}).unique(
    subset="text", keep="first").sink_parquet("polars.parquet", compression="zstd")
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
            files = [str(path) for path in (folder / "mixed_out").glob("*/*.parquet")]
            written = sum(parquet.read_metadata(path).num_rows for path in files)
            rates["ours"].append(written / seconds)
            subprocess.run(["rm", "-rf", "cache", "peer.parquet"], cwd=folder, check=True)
            seconds = run(peer)
            written = parquet.read_metadata(folder / "peer.parquet").num_rows
            rates["peer"].append(written / seconds)
    return statistics.median(rates["ours"]), statistics.median(rates["peer"])


def make_data(path: Path, megabytes: int) -> int:
    rng = random.Random(7)
    words = [f"word{n}" for n in range(20_000)]
    texts: list[str] = []
    written = 0
    number = 0
    with path.open("w") as file:
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


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def schedule_rates(build: Path) -> tuple[float, float]:
    done = subprocess.run(
        [build / "engine" / "schedule_benchmark", "--benchmark_format=json"],
        capture_output=True,
        check=True,
    )
    ours = next(b for b in json.loads(done.stdout)["benchmarks"] if b["name"] == "Fill")
    peer = subprocess.run([sys.executable, "-c", INTERLEAVE], capture_output=True, check=True)
    return float(ours["items_per_second"]), float(peer.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--mb", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mixed-rows", type=int, default=300_000, help="of each of three sources")
    parser.add_argument("--only-delivered", action="store_true", help="nothing but that benchmark")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    ours, peer = delivered_rates(build, arguments.mixed_rows, arguments.rounds)
    print(
        f"delivered: {ours / 1e3:.0f} k rows/s, interleave_datasets {peer / 1e3:.0f} k rows/s: "
        f"{ours / peer:.1f}x",
        flush=True,
    )
    if arguments.only_delivered:
        return
    ours, peer = schedule_rates(build)
    print(
        f"schedule: {ours / 1e6:.0f} M rows/s, interleave_datasets {peer / 1e3:.0f} k rows/s: "
        f"{ours / peer:.0f}x",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for detail in ("keys", "count", "full"):
            (folder / f"{detail}.yaml").write_text(CONFIG.replace("REJECTS", detail))
        size = make_data(folder / "web.jsonl", arguments.mb)
        environment = {**os.environ, "POLARS_MAX_THREADS": "2"}

        def millrace(detail: str) -> Callable[[], None]:
            def work() -> None:
                subprocess.run(
                    [build / "cli/millrace", "run", f"{detail}.yaml", "--threads", "2", "--quiet"],
                    cwd=folder,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )

            return work

        def python(code: str) -> Callable[[], None]:
            def work() -> None:
                subprocess.run(
                    [sys.executable, "-c", code], cwd=folder, check=True, env=environment
                )

            return work

        runs = {
            "millrace": millrace("keys"),
            "duckdb": python(DUCKDB),
            "polars": python(POLARS),
            "millrace, rejects: count": millrace("count"),
            "millrace, rejects: full": millrace("full"),
        }
        seconds: dict[str, list[float]] = {who: [] for who in runs}
        for _ in range(arguments.rounds):
            for who, work in runs.items():
                subprocess.run(["rm", "-rf", "workspace", "out"], cwd=folder, check=True)
                seconds[who].append(timed(work))
        for who, times in seconds.items():
            median = statistics.median(times)
            print(f"exact dedup, {who}: {median:.2f} s, {size / median / 1e6:.0f} MB/s")


if __name__ == "__main__":
    main()
