"""Times an operator in Python beside the same function in `datasets.map(batched=True)`.

Usage: bench/python_operator.py --build build [--rows 1000000] [--rounds 3]

The function counts the characters and words of texts with pyarrow.compute.

- process: a stage with the operator in the process, from the call to a Dataset whose rows can be
  read; the run commits its rows to a workspace.
- workers: the same in two worker processes.
- engine: the same stage with `text_stats` instead, which is what all the rest of a run takes.
- map: `datasets.map(batched=True, batch_size=1000)` over Arrow, one process; `map2` with two.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from package_runs import PackageRuns

MODULE = """
import pyarrow as pa
import pyarrow.compute as pc

import millrace


def count(texts):
    return {"chars": pc.utf8_length(texts), "words": pc.count_substring_regex(texts, r"\\\\S+")}


def measure(batch, *, field: str = "text"):
    return count(batch.column(0))


DECLARED = dict(
    kind="score", reads=["{field}"], writes={"chars": pa.int32(), "words": pa.int32()},
    batch_size=1000,
)
here = millrace.operator(**DECLARED)(measure)


@millrace.operator(**DECLARED, concurrency=2)
class There:
    def __init__(self, *, field: str = "text"):
        pass

    def __call__(self, batch):
        return count(batch.column(0))
"""

MILLRACE = """
import sys, time, datasets, pyarrow, millrace, millrace._dataset
from millrace import ops
import measures
data = datasets.load_from_disk("saved")
operator = {"process": lambda: measures.here(id="m"), "workers": lambda: measures.There(id="m"),
            "engine": lambda: ops.TextStats(id="m", field="text")}[sys.argv[1]]()
pipeline = millrace.Pipeline("bench", sources={"train": {"type": "dataset"}},
                             stages=[millrace.Stage("s", [operator])])
start = time.perf_counter()
kept = pipeline.run(data, threads=2)
print(time.perf_counter() - start, len(kept))
"""

MAP = """
import sys, time, datasets, measures
datasets.disable_caching()
data = datasets.load_from_disk("saved")
start = time.perf_counter()
def measured(table):
    for name, column in measures.count(table["text"]).items():
        table = table.append_column(name, column)
    return table
kept = data.with_format("arrow").map(
    measured, batched=True, batch_size=1000, num_proc=2 if sys.argv[1] == "map2" else None)
print(time.perf_counter() - start, len(kept))
"""

MAKE = """
import random, sys, datasets
rng = random.Random(7)
words = [f"word{n}" for n in range(20_000)]
texts = [" ".join(rng.choices(words, k=rng.randint(5, 60))) for _ in range(int(sys.argv[1]))]
datasets.Dataset.from_dict({"id": range(len(texts)), "text": texts}).save_to_disk("saved")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = PackageRuns(arguments.build, folder)
        (folder / "measures.py").write_text(MODULE)
        python(MAKE, str(arguments.rows))
        times: dict[str, list[float]] = {
            work: [] for work in ("engine", "process", "workers", "map", "map2")
        }
        for _ in range(arguments.rounds):
            for work in times:
                shutil.rmtree(folder / "workspace", ignore_errors=True)
                seconds, rows = python(MAP if work.startswith("map") else MILLRACE, work)[-2:]
                assert int(rows) == arguments.rows
                times[work].append(float(seconds))
        for work, seconds_of in times.items():
            median = statistics.median(seconds_of)
            spread = f"{min(seconds_of):.2f} to {max(seconds_of):.2f}"
            print(f"{work:8} {median:6.2f} s ({spread})  {arguments.rows / median:9.0f} rows/s")


if __name__ == "__main__":
    main()
