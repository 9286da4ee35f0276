"""Times Millrace and its peers on the same files in one run, round by round, and writes a table.

Usage: bench/run.py [--csv-mb 1300] [--jsonl-mb 1000] [--rounds 3] [--report docs/benchmarks.md]

Every job runs in a process of its own with two threads. Millrace's time is its whole process;
a peer's is its job without Python's start and imports. Peak memory is the kernel's ru_maxrss.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from side_by_side import (
    ROOT,
    THREADS,
    Others,
    Sample,
    Series,
    apart,
    in_turn,
    machine,
    measured,
    measured_inside,
    table,
)

PEERS = ("duckdb", "polars", "pyarrow")


def run_millrace(binary: Path, job: str, data: Path, folder: Path) -> Sample:
    for name in ("workspace", "out"):
        shutil.rmtree(folder / name, ignore_errors=True)
    config = folder / f"{job}.yaml"
    shutil.copy(ROOT / "bench" / f"{job}_to_parquet.yaml", config)
    link = folder / data.name
    if not link.exists():
        link.symlink_to(data)
    command = [str(binary), "run", str(config), "--threads", str(THREADS), "--json", "--quiet"]
    sample, text = measured(command, folder)
    result = json.loads(text)
    if result["rows_rejected"] != 0:
        raise SystemExit(f"rows were rejected in the {job} job: {result['rejects']}")
    return sample


def run_peer(peer: str, job: str, data: Path, folder: Path) -> Sample:
    target = folder / f"{peer}.parquet"
    script = str(ROOT / "bench" / "peers.py")
    command = [sys.executable, script, peer, job, str(data), str(target), str(THREADS)]
    return measured_inside(command, folder)[0]


def check_equal(job: str, folder_name: str) -> int:
    """The rows of all outputs agree: counts, sums of the numbers, lengths of the texts."""
    import duckdb

    folder = Path(folder_name)
    latest = json.loads((folder / "out" / "LATEST.json").read_text())
    ours = folder / "out" / str(latest["release_id"]) / "*.parquet"
    sums = {
        "csv": "sum(id), sum(price), sum(quantity), round(sum(ratio), 3), sum(length(body)), "
        "count(maybe), max(created), min(day), sum(flag::int)",
        "jsonl": "sum(id), sum(words), round(sum(score), 3), sum(length(text)), max(created)",
    }[job]
    found = {
        name: duckdb.sql(f"select count(*), {sums} from '{path}'").fetchall()
        for name, path in [("millrace", ours), *((p, folder / f"{p}.parquet") for p in PEERS)]
    }
    if len({str(rows) for rows in found.values()}) != 1:
        raise SystemExit(f"the outputs of the {job} job differ: {found}")
    return int(found["millrace"][0][0])


def bench(binary: Path, job: str, data: Path, rounds: int, folder: Path) -> list[Series]:
    works = {"millrace": partial(run_millrace, binary, job, data, folder)}
    works |= {peer: partial(run_peer, peer, job, data, folder) for peer in PEERS}
    return in_turn(job, rounds, works)


HEADER = """\
# Benchmarks

Written by `make bench` (`bench/run.py`); run it to get these tables for your machine.
Machine: {machine}.

Every job reads one file from the page cache and writes typed Parquet with zstd level 1. All are
run in turn, {rounds} counted rounds after one that is not counted; figures are medians. Millrace's
time is its whole process, from start to exit, and its job is the larger one: it also checks the
contract (`bench/*_to_parquet.yaml`), gives every row an id, hashes inputs and outputs, profiles
every column, and commits and releases durably. A peer's time leaves out Python's start and
imports. The outputs are compared by counts and sums. Peak RSS includes shared libraries and, for
peers, Python. What the limit is: [where_time_goes.md](where_time_goes.md);
what an object store costs beside a disk: [storage.md](storage.md#throughput); operators beside
peers: [benchmarks_operators.md](benchmarks_operators.md); from a Dataset to a Dataset:
[benchmarks_python.md](benchmarks_python.md).

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv-mb", type=int, default=1300)
    parser.add_argument("--jsonl-mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--report", type=Path, help="where to write the tables as Markdown")
    options = parser.parse_args()
    others = Others()
    text = HEADER.format(machine=machine(list(PEERS)), rounds=options.rounds)
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as name:
        for job, megabytes in (("csv", options.csv_mb), ("jsonl", options.jsonl_mb)):
            folder = Path(name) / job
            folder.mkdir()
            data = folder / f"data.{job}"
            maker = options.build / "bench" / "make_data"
            with data.open("wb") as out:
                command = [str(maker), job, str(megabytes * 1_000_000)]
                subprocess.run(command, stdout=out, check=True)
            binary = options.build / "cli" / "millrace"
            series = bench(binary.resolve(), job, data, options.rounds, folder)
            rows = apart("run", "check_equal", job, folder)
            size = data.stat().st_size / 1e6
            text += f"## {job.upper()} to typed zstd Parquet: {size:,.0f} MB, {rows:,} rows\n\n"
            for one in series:
                one.megabytes = size
            text += table(series) + "\n"
            shutil.rmtree(folder)
    text += f"While this ran, {others.state()}.\n"
    print(text)
    if options.report:
        options.report.write_text(text)


if __name__ == "__main__":
    main()
