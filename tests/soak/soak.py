"""The long tests: big files under a small memory limit and thousands of kills.

Usage: soak.py [csv] [jsonl] [kills] [--gigabytes N] [--memory MIB] [--kills N] [--minutes N]

Without parts, all of them. docs/soak.md gets the figures of each part's last run, which are kept in
build/soak/. A big file needs about three times its size under TMPDIR.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


def soak_memory(kind: str, gigabytes: float, limit_mib: int) -> Big:
    """A run over a big file, whose peak of anonymous memory must stay below the limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_big(folder / f"data.{kind}", gigabytes, kind)
        (folder / "pipeline.yaml").write_text(BIG_CONFIG.replace("TYPE", kind))
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
        seconds = time.monotonic() - started
        if process.returncode != 0:
            raise SystemExit(f"the big {kind} run ended with {process.returncode}")
        if rows_exported(folder / "out") != rows:
            raise SystemExit(f"{rows_exported(folder / 'out')} rows came out of {rows}")
        if peak > limit_mib << 20:
            raise SystemExit(f"{kind}: {peak >> 20} MiB in use, the limit is {limit_mib} MiB")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="csv, jsonl, kills")
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=120, help="no more than that for kills")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 31))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "soak.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - {"csv", "jsonl", "kills"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    figures = ROOT / "build" / "soak"
    figures.mkdir(parents=True, exist_ok=True)
    for part in options.parts or ("csv", "jsonl", "kills"):
        result: Big | Kills
        if part == "kills":
            result = soak_kills(options.kills, options.minutes, options.seed)
        else:
            result = soak_memory(part, options.gigabytes, options.memory)
        print(result, flush=True)
        (figures / f"{part}.json").write_text(json.dumps(asdict(result)))
    options.report.write_text(report(figures, options.memory))


if __name__ == "__main__":
    main()
