"""The long tests: thousands of kills and a big file under a small memory limit.

Writes its figures to docs/soak.md. Usage: soak.py [--kills N] [--gigabytes N] [--memory SIZE]
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

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
  big: {type: csv, path: data.csv}
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


def soak_kills(count: int, seed: int) -> Kills:
    """Kills at random moments; every round ends in a whole run that must give the same bytes."""
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
        while result.killed < count:
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


def write_big(path: Path, gigabytes: float) -> int:
    """A CSV of that size; rows are numbered, so that nothing in it compresses to nothing."""
    target = int(gigabytes * (1 << 30))
    words = ["alpha", "beta, with a comma", 'gamma ""quoted""', "delta\nnew line", "epsilon"]
    row = 0
    written = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        written += out.write("id,day,price,text\n")
        while written < target:
            lines = []
            for _ in range(20000):
                text = " ".join((words[row % 5], words[row % 3], words[row % 4])) + str(row * 7919)
                lines.append(
                    f"{row},2026-{row % 12 + 1:02}-{row % 28 + 1:02},"
                    f'{row % 10**6}.{row % 100:02},"{text}"\n'
                )
                row += 1
            written += out.write("".join(lines))
    return row


@dataclass
class Big:
    gigabytes: float
    rows: int
    limit: str
    peak_anonymous_mib: int
    seconds: float


def soak_memory(gigabytes: float, limit: str) -> Big:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_big(folder / "data.csv", gigabytes)
        (folder / "pipeline.yaml").write_text(BIG_CONFIG)
        started = time.monotonic()
        process = subprocess.Popen(
            [str(BINARY), "run", "pipeline.yaml", "--memory", limit],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, anonymous_rss(process.pid))
            time.sleep(0.02)
        if process.returncode != 0:
            raise SystemExit(f"the big run ended with {process.returncode}")
        return Big(gigabytes, rows, limit, peak >> 20, time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--memory", default="512MiB")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 31))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "soak.md")
    options = parser.parse_args()
    kills = soak_kills(options.kills, options.seed)
    print(kills, flush=True)
    big = soak_memory(options.gigabytes, options.memory)
    print(big, flush=True)
    options.report.write_text(
        f"""# Soak

The last full run of `make soak`, on {os.cpu_count()} cores ({platform.machine()}).

| What | Figure |
| --- | --- |
| Runs killed with SIGKILL at a random moment | {kills.killed} of {kills.attempts} started |
| Rounds of kills resumed to the same bytes | {kills.rounds} of {kills.rounds} |
| Seed, duration | {kills.seed}, {kills.seconds:.0f} s |
| CSV under `--memory {big.limit}` | {big.gigabytes:g} GiB, {big.rows:,} rows, `unique` on an id |
| Peak anonymous memory | {big.peak_anonymous_mib} MiB |
| Duration | {big.seconds:.0f} s |
"""
    )


if __name__ == "__main__":
    main()
