"""Times Millrace and its peers on the same files in one run, round by round, and writes a table.

Usage: bench/run.py [--csv-mb 1300] [--jsonl-mb 1000] [--rounds 3] [--report docs/benchmarks.md]

Every job runs in a process of its own with two threads. Millrace's time is its whole process;
a peer's is its job without Python's start and imports. Peak memory is the kernel's ru_maxrss.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("duckdb", "polars", "pyarrow")
THREADS = 2


@dataclass
class Sample:
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass
class Series:
    name: str
    samples: list[Sample] = field(default_factory=list)

    def median(self, attribute: str) -> float:
        return float(statistics.median(getattr(sample, attribute) for sample in self.samples))


def measured(command: list[str], cwd: Path) -> tuple[Sample, str]:
    """Runs a command to its end; what the kernel accounts for it, and its standard output."""
    read_end, write_end = os.pipe()
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    with os.fdopen(read_end) as out:
        text = out.read()
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{errors}")
    cpu = usage.ru_utime + usage.ru_stime
    return Sample(seconds, cpu, usage.ru_maxrss / 1024), text


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
    sample, text = measured(command, folder)
    sample.seconds = json.loads(text)["seconds"]
    return sample


def check_equal(job: str, folder: Path) -> int:
    """The rows of all outputs agree: counts, sums of the numbers, lengths of the texts."""
    import duckdb

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
    series = [Series("millrace"), *(Series(peer) for peer in PEERS)]
    for number in range(rounds + 1):  # the first round warms the page cache and is not counted
        for one in series:
            sample = (
                run_millrace(binary, job, data, folder)
                if one.name == "millrace"
                else run_peer(one.name, job, data, folder)
            )
            print(f"{job} round {number} {one.name}: {sample}", file=sys.stderr, flush=True)
            if number > 0:
                one.samples.append(sample)
    return series


def table(job: str, data: Path, rows: int, series: list[Series]) -> str:
    megabytes = data.stat().st_size / 1e6
    ours = series[0].median("seconds")
    lines = [
        f"## {job.upper()} to typed zstd Parquet: {megabytes:,.0f} MB, {rows:,} rows",
        "",
        "| | seconds (median; min to max) | MB/s | CPU seconds | peak RSS MiB | Millrace is |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in series:
        seconds = one.median("seconds")
        values = [sample.seconds for sample in one.samples]
        ratio = "" if one.name == "millrace" else f"{seconds / ours:.2f} times as fast"
        lines.append(
            f"| {one.name} | {seconds:.2f} ({min(values):.2f} to {max(values):.2f}) "
            f"| {megabytes / seconds:.0f} | {one.median('cpu_seconds'):.1f} "
            f"| {one.median('peak_mib'):.0f} | {ratio} |"
        )
    return "\n".join(lines) + "\n"


def machine() -> str:
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    import duckdb
    import polars
    import pyarrow

    return (
        f"{os.cpu_count()} cores ({model}, {platform.machine()}), {THREADS} threads; "
        f"DuckDB {duckdb.__version__}, Polars {polars.__version__}, pyarrow {pyarrow.__version__}"
    )


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
what an object store costs beside a disk: [storage.md](storage.md#throughput).

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv-mb", type=int, default=1300)
    parser.add_argument("--jsonl-mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--report", type=Path, help="where to write the tables as Markdown")
    options = parser.parse_args()
    text = HEADER.format(machine=machine(), rounds=options.rounds)
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
            rows = check_equal(job, folder)
            text += table(job, data, rows, series) + "\n"
            shutil.rmtree(folder)
    print(text)
    if options.report:
        options.report.write_text(text)


if __name__ == "__main__":
    main()
