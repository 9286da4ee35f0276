"""Times Dataset -> engine -> Dataset beside the engine alone, `datasets` itself and Daft.

Usage: bench/python_dataset.py --build build [--mb 1000] [--rounds 3] [--report FILE]

Two chains over texts in several languages (many_languages.py), a tenth of them repeated: measure
the words and characters of each and keep those of at least 40 words; the same, and then the first
of equal texts. All but the command begin with a Dataset that is on disk and end with a Dataset
whose every row can be read, in a process that has loaded what it needs.

- engine: `millrace run` over the same rows in one Parquet file, no export. Its whole process.
- engine, Arrow: the same over the folder that `save_to_disk` wrote, which the others read.
- Dataset: `Pipeline.run(dataset)`; the three commit the same rows to a workspace.
- datasets: `map` and `filter` with batches over Arrow and two processes, which count words with
  pyarrow.compute. There is no deduplication in it.
- Daft: from the Dataset's Arrow table to one in memory, by expressions. Which of equal texts stays
  is not said. Nothing is written.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from functools import partial
from pathlib import Path

from package_runs import PackageRuns
from side_by_side import ROOT, THREADS, Others, Sample, Series, apart, in_turn, machine, measured
from side_by_side import table as table_of

CONFIG = """\
version: 1
name: chain
workspace: ./workspace
sources: {{train: {{{source}}}}}
contract:
  columns:
    id: {{type: int64}}
    lang: {{type: string}}
    score: {{type: float64}}
    text: {{type: string}}
stages:
  - name: quality
    operators:
      - {{id: stats, type: text_stats, field: text}}
      - {{id: keep, type: where, expr: "stats.words >= 40", rejects: count}}
"""
DEDUP = """\
  - name: unique
    operators: [{{id: once, type: exact_dedup, fields: [text], rejects: count}}]
"""
SOURCES = {
    "engine": "type: parquet, path: texts.parquet",
    "engine, Arrow": "type: hf, path: saved",
    "Dataset": "type: dataset",
}

MILLRACE = """
import sys, datasets, pyarrow, millrace, millrace._dataset
from side_by_side import print_measured
data = datasets.load_from_disk("saved")
pipeline = millrace.Pipeline.from_yaml("Dataset.yaml")
print_measured(lambda: len(pipeline.run(data, threads=2)))
"""

DATASETS = r"""
import datasets, pyarrow.compute as pc
from side_by_side import print_measured
datasets.disable_caching()
data = datasets.load_from_disk("saved").with_format("arrow")
def measured(table):
    words = pc.count_substring_regex(table["text"], "[^\t-\r ]+")
    return table.append_column("words", words).append_column("chars", pc.utf8_length(table["text"]))
def long(table):
    return pc.greater_equal(table["words"], 40).to_pylist()
def work():
    return len(data.map(measured, batched=True, num_proc=2).filter(long, batched=True, num_proc=2))
print_measured(work)
"""

DAFT = r"""
import sys, datasets, daft, hashlib
from side_by_side import print_measured
data = datasets.load_from_disk("saved")
daft.set_runner_native(num_threads=2)
def work():
    text = daft.col("text")
    frame = daft.from_arrow(data.data.table)
    frame = frame.with_columns({
        "words": text.regexp_extract_all("[^\t-\r ]+").list_count(), "chars": text.length()})
    frame = frame.where(daft.col("words") >= 40)
    if sys.argv[1] == "dedup":
        frame = frame.distinct("text")
    return len(datasets.Dataset(datasets.table.InMemoryTable(frame.to_arrow()), fingerprint="x"))
print_measured(work)
"""

MAKE = """
import datasets
datasets.Dataset.from_parquet("texts.parquet", cache_dir="cache").save_to_disk("saved")
"""


class Bench:
    def __init__(self, build: Path, folder: Path) -> None:
        self._build = build.resolve()
        self._folder = folder
        self._python = PackageRuns(build, folder)
        self._python(MAKE)
        self.rows: dict[str, int] = {}

    def use(self, chain: str) -> None:
        self.rows.clear()
        for work, source in SOURCES.items():
            config = CONFIG + (DEDUP if chain == "dedup" else "")
            (self._folder / f"{work}.yaml").write_text(config.format(source=source))

    def run(self, work: str, chain: str) -> Sample:
        shutil.rmtree(self._folder / "workspace", ignore_errors=True)
        if work.startswith("engine"):
            command = [str(self._build / "cli" / "millrace"), "run", f"{work}.yaml", "--json"]
            command += ["--quiet", "--threads", str(THREADS)]
            sample, text = measured(command, self._folder)
            self.rows[work] = int(json.loads(text)["stages"][-1]["rows_written"])
            return sample
        code = {"Dataset": MILLRACE, "datasets": DATASETS, "Daft": DAFT}[work]
        sample, self.rows[work] = self._python.sample(code, chain)
        return sample


def overhead(series: list[Series]) -> str:
    """Of the Dataset over each of the engine's runs."""
    named = {one.name: one for one in series}
    lines = []
    for engine in ("engine", "engine, Arrow"):
        shares = [
            named["Dataset"].median(attribute) / named[engine].median(attribute) - 1
            for attribute in ("seconds", "cpu_seconds")
        ]
        lines.append(
            f"The Dataset takes {100 * shares[0]:+.0f} % by the clock and {100 * shares[1]:+.0f} % "
            f"by CPU seconds beside `{engine}`.\n"
        )
    return "".join(lines)


HEADER = """\
# From a Dataset to a Dataset

Written by `bench/python_dataset.py`, whose first lines say what each row is.
Machine: {machine}.
{rows:,} rows with {size:,.0f} MB of text; medians of {rounds} rounds after one that is not counted.
Peak RSS is that of the largest process, and mapped files count in it.

While this ran, {state}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--report", type=Path, help="where to write the tables as Markdown")
    told = parser.parse_args()
    others = Others()
    text = ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, size = apart("many_languages", "write_texts", folder, told.mb, 0.1)
        bench = Bench(told.build, folder)
        for chain, title, peers in (
            ("filter", "Measured and filtered", ("datasets", "Daft")),
            ("dedup", "Measured, filtered, the first of equal texts", ("Daft",)),
        ):
            bench.use(chain)
            works = {
                work: partial(bench.run, work, chain) for work in ("Dataset", *SOURCES, *peers)
            }
            series = in_turn(chain, told.rounds, works)
            for one in series:
                one.megabytes = size / 1e6
            if len(set(bench.rows.values())) != 1:
                raise SystemExit(f"{chain}: the rows differ: {bench.rows}")
            text += f"\n## {title}: {bench.rows['Dataset']:,} rows\n\n"
            text += f"{table_of(series)}\n{overhead(series)}"
    text = (
        HEADER.format(
            machine=machine(["datasets", "daft", "pyarrow"]),
            rows=rows,
            size=size / 1e6,
            rounds=told.rounds,
            state=others.state(),
        )
        + text
    )
    print(text)
    if told.report:
        told.report.write_text(text)


if __name__ == "__main__":
    main()
