"""Times Dataset -> engine -> Dataset beside the engine alone and beside `datasets` itself.

Usage: bench/python_dataset.py --build build [--mb 1000] [--rounds 3]

The chain: measure each text, keep those of at least 40 words, keep the first of equal ones.

- engine: `millrace run` over the same rows in one Parquet file, no export.
- Dataset: `Pipeline.run(dataset)` in a process that has loaded everything, from the call to a
  Dataset whose every row can be read. Both commit the same rows to a workspace.
- datasets: `filter` with batches over Arrow, which counts words with pyarrow.compute, without the
  deduplication, which it has none of.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from package_runs import PackageRuns

CONFIG = """\
version: 1
name: chain
workspace: ./workspace
sources: {{train: {{{source}}}}}
contract:
  columns:
    id: {{type: int64}}
    text: {{type: string}}
stages:
  - name: quality
    operators:
      - {{id: stats, type: text_stats, field: text}}
      - {{id: keep, type: where, expr: "stats.words >= 40", rejects: count}}
  - name: unique
    operators: [{{id: once, type: exact_dedup, fields: [text], rejects: count}}]
"""

# Prints the seconds that the work takes; what is loaded once in a program does not count.
MILLRACE = """
import sys, time, datasets, pyarrow, millrace, millrace._dataset
data = datasets.load_from_disk("saved")
pipeline = millrace.Pipeline.from_yaml("dataset.yaml")
start = time.perf_counter()
kept = pipeline.run(data, threads=2)

print(time.perf_counter() - start, len(kept))
"""

DATASETS = """
import time, datasets, pyarrow.compute as pc
datasets.disable_caching()
data = datasets.load_from_disk("saved")
start = time.perf_counter()
kept = data.with_format("arrow").filter(
    lambda t: pc.greater(pc.count_substring_regex(t["text"], r"\\S+"), 39).to_pylist(),
    batched=True)
print(time.perf_counter() - start, len(kept))
"""

MAKE = """
import sys, datasets, pyarrow.parquet
data = datasets.Dataset.from_json(sys.argv[1], cache_dir="cache")
data.save_to_disk("saved")
data.to_parquet("rows.parquet")
"""


def make_data(path: Path, megabytes: int) -> None:
    rng = random.Random(7)
    words = [f"word{n}" for n in range(20_000)]
    texts: list[str] = []
    written = number = 0
    with path.open("w") as file:
        while written < megabytes << 20:
            repeat = texts and rng.random() < 0.1
            text = (
                rng.choice(texts)
                if repeat
                else " ".join(rng.choices(words, k=rng.randint(20, 600)))
            )
            if not repeat and len(texts) < 20_000:
                texts.append(text)
            written += file.write(json.dumps({"id": number, "text": text}) + "\n")
            number += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        python = PackageRuns(build, folder)

        def engine() -> float:
            done = subprocess.run(
                [build / "cli" / "millrace", "run", "files.yaml", "--threads", "2", "--json"],
                cwd=folder,
                check=True,
                capture_output=True,
            )
            return float(json.loads(done.stdout)["seconds"])

        (folder / "files.yaml").write_text(
            CONFIG.format(source="type: parquet, path: rows.parquet")
        )
        (folder / "dataset.yaml").write_text(CONFIG.format(source="type: dataset"))
        make_data(folder / "rows.jsonl", arguments.mb)
        python(MAKE, "rows.jsonl")
        times: dict[str, list[float]] = {"engine": [], "Dataset": [], "datasets": []}
        for _ in range(arguments.rounds):
            for work in times:
                shutil.rmtree(folder / "workspace", ignore_errors=True)
                if work == "engine":
                    times[work].append(engine())
                else:
                    seconds, *_ = python(MILLRACE if work == "Dataset" else DATASETS)
                    times[work].append(float(seconds))
        size = (folder / "rows.jsonl").stat().st_size / 1e6
        middle = {work: statistics.median(seconds) for work, seconds in times.items()}
        for work, median in middle.items():
            spread = f"{min(times[work]):.2f} to {max(times[work]):.2f}"
            print(f"{work:9} {median:6.2f} s ({spread})  {size / median:6.0f} MB/s")
        overhead = middle["Dataset"] / middle["engine"] - 1
        least = min(times["Dataset"]) / min(times["engine"]) - 1
        print(
            f"overhead of Dataset over engine: {100 * overhead:.0f} %, "
            f"of the fastest rounds {100 * least:.0f} %"
        )


if __name__ == "__main__":
    main()
