"""What handing out units costs, and Daft beside us on the same chain, all in one run.

    PYTHONPATH=build/python python bench/distributed.py [--units 64] [--mb 200] [--rounds 3]

1. So many CSV files of a few rows, each a unit of ingest and one of a stage: the engine, Ray on
   this machine and Daft's native runner. What a unit costs more than in the engine is the overhead;
   the driver's own processor time for each unit is the `d` of docs/guides/distributed.md.
2. A Parquet file of texts through the same chain (at least five words, equal texts once): the
   engine, the engine handed out by Daft, and Daft by itself. The rows that stay are compared.

Best of the rounds; Ray is started once and not timed, its start is told. CPU seconds are those of
all processes, Ray's own included, of the round with the fewest.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import daft
import pyarrow
import pyarrow.parquet
import ray

import millrace
from millrace import Stage, ops
from side_by_side import Others, family_cpu_seconds


class Best(NamedTuple):
    """Seconds: by the clock, of this process, of all processes."""

    clock: float
    own: float
    cpu: float


def best(rounds: int, work: Callable[[int], Any]) -> Best:
    """The least of each over the rounds."""
    taken = []
    for round_ in range(rounds):
        before = Best(time.perf_counter(), time.process_time(), family_cpu_seconds())
        work(round_)
        after = Best(time.perf_counter(), time.process_time(), family_cpu_seconds())
        taken.append([now - then for now, then in zip(after, before, strict=True)])
    return Best(*(min(column) for column in zip(*taken, strict=True)))


def small_files(folder: Path, units: int) -> millrace.Pipeline:
    sources = {}
    for unit in range(units):
        path = folder / f"{unit}.csv"
        path.write_text("id,text\n" + "".join(f"{i},word {unit} {i}\n" for i in range(20)))
        sources[f"s{unit}"] = {"type": "csv", "path": str(path)}
    keep = Stage("keep", [ops.Where(id="some", expr="id > 3")])
    return millrace.Pipeline("small", sources=sources, stages=[keep])


def overhead(folder: Path, units: int, rounds: int) -> None:
    pipeline = small_files(folder, units)
    runs: dict[str, dict[str, Any]] = {
        "engine": {},
        "ray": {"runner": "ray"},
        "daft": {"runner": "daft"},
    }
    alone = Best(0, 0, 0)
    print(f"{2 * units} units of 20 rows:")
    for name, how in runs.items():
        pipeline.run(workspace=folder / f"{name}-warm", threads=1, **how)  # workers start

        def once(round_: int, name: str = name, how: dict[str, Any] = how) -> None:
            pipeline.run(workspace=folder / f"{name}{round_}", threads=1, **how)

        spent = best(rounds, once)
        alone = alone if any(alone) else spent
        a_unit = 1000 / (2 * units)  # in milliseconds
        more, more_cpu = (spent.clock - alone.clock) * a_unit, (spent.cpu - alone.cpu) * a_unit
        print(
            f"  {name:7} {spent.clock:7.2f} s   {more:+7.1f} ms a unit   "
            f"CPU {spent.cpu:6.2f} s   {more_cpu:+7.1f} ms a unit   "
            f"driver {spent.own * a_unit:6.1f} ms a unit",
            flush=True,
        )


def texts(path: Path, megabytes: int) -> None:
    choose = random.Random(7)
    words = [f"word{i}" for i in range(5000)]
    schema = pyarrow.schema([("id", pyarrow.int64()), ("text", pyarrow.string())])
    size, row = 0, 0
    kept: list[str] = []
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while size < megabytes << 20:
            batch = []
            for _ in range(20_000):
                if kept and choose.random() < 0.1:
                    batch.append(choose.choice(kept))
                else:
                    batch.append(" ".join(choose.choices(words, k=choose.randrange(1, 120))))
            kept = batch[:1000]
            size += sum(map(len, batch))
            ids = pyarrow.array(range(row, row + len(batch)))
            row += len(batch)
            writer.write_batch(pyarrow.record_batch([ids, pyarrow.array(batch)], schema=schema))


def chain(folder: Path, megabytes: int, rounds: int) -> None:
    path = folder / "texts.parquet"
    texts(path, megabytes)
    pipeline = millrace.Pipeline(
        "chain",
        sources={"texts": {"type": "parquet", "path": str(path)}},
        stages=[
            Stage(
                "quality",
                [
                    ops.TextStats(id="stats", field="text"),
                    ops.Where(id="long", expr="stats.words >= 5"),
                    ops.ExactDedup(id="once", fields=["text"]),
                ],
            )
        ],
        exports={"out": {"type": "parquet", "path": str(folder / "out")}},
    )
    rows: dict[str, int] = {}

    def ours(name: str, round_: int, **how: Any) -> None:
        pipeline.run(workspace=folder / f"{name}-{round_}", **how)
        assert pipeline.last_run is not None
        rows[name] = pipeline.last_run.exports["out"].rows

    def daft_alone(round_: int) -> None:
        frame = daft.read_parquet(str(path))
        words: Any = daft.col("text").split(" ").list_count()
        frame = frame.where(words >= 5).distinct("text")
        frame.write_parquet(str(folder / f"daft-alone-{round_}"))
        rows["daft alone"] = daft.read_parquet(str(folder / f"daft-alone-{round_}")).count_rows()

    print(f"{megabytes} MB of texts, at least five words, equal ones once:")
    for name, work in (
        ("engine", lambda i: ours("engine", i)),
        ("engine in daft", lambda i: ours("engine in daft", i, runner="daft")),
        ("daft alone", daft_alone),
    ):
        spent = best(rounds, work)
        print(
            f"  {name:15} {spent.clock:7.2f} s   CPU {spent.cpu:6.2f} s   {rows[name]} rows",
            flush=True,
        )
    assert len(set(rows.values())) == 1, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    others = Others()
    daft.set_runner_native()  # once Ray has started, Daft would take it
    with tempfile.TemporaryDirectory(prefix="mrb", dir="/tmp") as folder:
        start = time.perf_counter()
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
        print(f"ray has started in {time.perf_counter() - start:.1f} s")
        (Path(folder) / "small").mkdir()
        overhead(Path(folder) / "small", told.units, told.rounds)
        ray.shutdown()
        chain(Path(folder), told.mb, told.rounds)
    print(others.state())


if __name__ == "__main__":
    main()
