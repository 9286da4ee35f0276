"""Times operators beside peers that can do the same, all in one run, and writes tables.

Usage: bench/operators.py [--mb 200] [--slow-mb 10] [--rounds 2] [--only JOB ...] [--report FILE]

One zstd Parquet file of seeded texts in twelve languages (many_languages.py) goes in, zstd Parquet
comes out, with two threads:

- copy: the rows as they are.
- where: those for which an expression over columns is true.
- text_stats: the rows with the nine measures; the peers' columns have the same sums.
- text_stats and where: those whose measures are within bounds.
- language: the rows with the label and its score, as CLD2 tells them.
- gopher: the rows that pass the published filter of Gopher; `text_quality` and `where` beside the
  filter that datatrove has, which splits words otherwise, so that the rows differ a little.

Millrace is `millrace run`, a whole process. It checks, hashes and profiles what it reads, commits
what comes out of the stage with hashes, row ids and profiles, and keeps the ids of rows that it
drops. DuckDB and Polars write the rows; datatrove and pycld2 run as two processes, each with half
of them. The peers' times are without their imports. datatrove and pycld2 are installed into
.cache/bench-peers, by pip, when they are not there; without a network the run goes on without them.
datatrove takes minutes for what the others do in seconds and gets the first rows alone (--slow-mb),
so compare it by MB/s. Its own detectors of languages fetch models from the net; here it runs pycld2
as a step of its pipeline.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from operator_peers import SQL_KEEP, SQL_WHERE
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
name: operators
workspace: ./workspace
sources: {{texts: {{type: parquet, path: texts.parquet}}}}
contract:
  columns:
    id: {{type: int64}}
    lang: {{type: string}}
    score: {{type: float64}}
    text: {{type: string}}
{stages}
exports:
  out: {{type: parquet, path: out}}
"""
KEEP = SQL_KEEP.replace("words", "stats.words").replace("word_length", "stats.word_length")
KEEP = KEEP.replace("letters", "stats.letters")
GOPHER = (
    "stats.words between 50 and 100000 and quality.word_length between 3 and 10 "
    "and quality.hashes_per_word <= 0.1 and quality.ellipses_per_word <= 0.1 "
    "and quality.bullet_lines <= 0.9 and quality.ellipsis_lines <= 0.3 "
    "and quality.alpha_words >= 0.8 and quality.stop_words >= 2"
)
MEASURES = (
    *("words", "chars", "bytes", "lines", "line_max"),
    *("word_length", "letters", "digits", "spaces"),
)
STATS = "{id: stats, type: text_stats, field: text}"
LANGUAGE = "{id: lang, type: language, field: text}"
QUALITY = "{id: quality, type: text_quality, field: text, repetition: false}"


def where(expression: str) -> str:
    return f'{{id: keep, type: where, expr: "{expression}", rejects: keys}}'


@dataclass(frozen=True)
class Job:
    operators: tuple[str, ...]
    peers: tuple[str, ...]  # those that get all rows
    datatrove: bool = True


JOBS = {
    "copy": Job((), ("duckdb", "polars")),
    "where": Job((where(SQL_WHERE),), ("duckdb", "polars")),
    "text_stats": Job((STATS,), ("duckdb", "polars")),
    "text_stats and where": Job((STATS, where(KEEP)), ("duckdb", "polars"), datatrove=False),
    "language": Job((LANGUAGE,), ("pycld2",)),
    "gopher": Job((STATS, QUALITY, where(GOPHER)), ()),
}
APART = ("pycld2", "datatrove")  # what runs in an environment of its own
PINS = ROOT / "tools" / "requirements" / "bench-peers.txt"


def peers_python() -> str | None:
    """Of an environment that has datatrove and pycld2, whose needs differ from those of .venv."""
    folder = ROOT / ".cache" / "bench-peers"
    python = str(folder / "bin" / "python")
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != PINS.read_text():
        print(f"installing {PINS.name} into {folder}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*command, "--no-input", "--requirement", str(PINS)]).returncode != 0:
            return None
        stamp.write_text(PINS.read_text())
    return python


class Bench:
    def __init__(self, build: Path, folder: Path, others: str | None) -> None:
        self._binary = str((build / "cli" / "millrace").resolve())
        self._folder = folder
        self._others = others
        self.rows: dict[str, int] = {}

    def peers(self, job: str) -> list[str]:
        """Those that can take part."""
        return [p for p in JOBS[job].peers if p not in APART or self._others is not None]

    def millrace(self, operators: tuple[str, ...]) -> Sample:
        for name in ("workspace", "out"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        stages = ""
        if operators:
            stages = "stages:\n  - name: stage\n    operators:\n      - "
            stages += "\n      - ".join(operators)
        (self._folder / "job.yaml").write_text(CONFIG.format(stages=stages))
        command = [self._binary, "run", "job.yaml", "--threads", str(THREADS), "--json", "--quiet"]
        sample, text = measured(command, self._folder)
        self.rows["millrace"] = json.loads(text)["exports"][0]["rows"]
        return sample

    def peer(self, peer: str, job: str, data: Path) -> Sample:
        target = self._folder / f"{peer}.parquet"
        shutil.rmtree(target, ignore_errors=True)
        shutil.rmtree(target.with_suffix(".log"), ignore_errors=True)
        target.unlink(missing_ok=True)
        python = self._others if peer in APART else sys.executable
        assert python is not None
        script = str(ROOT / "bench" / "operator_peers.py")
        command = [python, script, peer, job, str(data), str(target), str(THREADS)]
        sample, printed = measured_inside(command, self._folder)
        self.rows[peer] = int(printed["rows"])
        return sample

    def ours(self) -> str:
        """A pattern of the files of the release."""
        latest = json.loads((self._folder / "out" / "LATEST.json").read_text())
        return str(self._folder / "out" / str(latest["release_id"]) / "*.parquet")

    def check(self, job: str) -> str:
        """The outputs agree; what there is to say of them."""
        peers = {}
        for peer in self.peers(job):
            path = self._folder / f"{peer}.parquet"
            peers[peer] = f"{path}/*.parquet" if path.is_dir() else str(path)
        return str(apart("operators", "compare", job, self.ours(), peers))


def compare(job: str, ours: str, peers: dict[str, str]) -> str:
    import duckdb

    def sums(prefix: str, path: str) -> tuple[float, ...]:
        columns = ["count(*)", "sum(id)", "sum(length(text))"]
        if job.startswith("text_stats"):
            columns += [f"sum({prefix}{name})" for name in MEASURES]
        row = duckdb.sql(f"select {', '.join(columns)} from '{path}'").fetchone()
        assert row is not None
        return tuple(float(value) for value in row)

    expected = sums('"__fdf__/scores".stats.', ours)
    for peer, path in peers.items():
        found = sums("", path)
        if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(expected, found, strict=True)):
            raise SystemExit(f"{job}: millrace gives {expected}, {peer} {found}")
    if job != "language" or "pycld2" not in peers:
        return ""
    shares = duckdb.sql(
        "select avg((o.lang_label = p.lang_label)::int), avg((o.lang_label = o.lang)::int)"
        f" from '{ours}' o join '{peers['pycld2']}' p using (id)"
    ).fetchone()
    assert shares is not None
    same, right = (100 * float(share) for share in shares)
    return f"{same:.2f} % of the labels are pycld2's, {right:.2f} % what was written.\n\n"


HEADER = """\
# Operators beside peers

Written by `bench/operators.py`, whose first lines say what each job is and who takes part.
Machine: {machine}.
{rows:,} rows with {size:,.0f} MB of text, {stored:,.0f} MB as zstd Parquet; medians of {rounds}
rounds after one that is not counted. MB are those of the texts. Millrace's process is timed as a
whole, and hashes and profiles all that it reads and writes. The last columns say how many times as
fast Millrace is, by MB/s, and how many times as much the peer's processors work for a MB. Peak RSS
is that of the largest process.

While this ran, {state}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--mb", type=int, default=200)
    parser.add_argument("--slow-mb", type=int, default=10, help="0: without datatrove")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--report", type=Path, help="where to write the tables as Markdown")
    told = parser.parse_args()
    others = Others()
    tables = ""
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as name:
        folder = Path(name)
        rows, size = apart("many_languages", "write_texts", folder, told.mb)
        stored = (folder / "texts.parquet").stat().st_size
        part = folder / "part"
        part.mkdir()
        part_rows, part_size = apart("many_languages", "write_texts", part, told.slow_mb)
        apart_python = peers_python()
        if apart_python is None:
            tables = "\nWithout datatrove and pycld2, which could not be installed.\n"
        bench = Bench(told.build, folder, apart_python)
        for job in told.only:
            works = {"millrace": partial(bench.millrace, JOBS[job].operators)}
            works |= {peer: partial(bench.peer, peer, job, folder) for peer in bench.peers(job)}
            if JOBS[job].datatrove and told.slow_mb > 0 and apart_python is not None:
                works["datatrove"] = partial(bench.peer, "datatrove", job, part)
            series = in_turn(job, told.rounds, works)
            for one in series:
                one.megabytes = (part_size if one.name == "datatrove" else size) / 1e6
            tables += f"\n## {job}\n\n{bench.check(job)}"
            kept = ", ".join(f"{who} {count:,}" for who, count in bench.rows.items())
            tables += f"Rows that it wrote: {kept}"
            tables += f" of {part_rows:,}.\n\n" if "datatrove" in works else ".\n\n"
            tables += table(series)
            bench.rows.clear()
        text = HEADER.format(
            machine=machine(["duckdb", "polars"]),
            rows=rows,
            size=size / 1e6,
            stored=stored / 1e6,
            rounds=told.rounds,
            state=others.state(),
        )
    print(text + tables)
    if told.report:
        told.report.write_text(text + tables)


if __name__ == "__main__":
    main()
