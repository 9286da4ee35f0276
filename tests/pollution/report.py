"""Reads all polluted files with Millrace and its peers and writes docs/messy_files.md.

python tests/pollution/report.py --report docs/messy_files.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from pollution.judge import Verdict, judge  # noqa: E402
from pollution.kinds import KINDS, pollute  # noqa: E402
from pollution.readers import PEERS, read_millrace  # noqa: E402
from pollution.tables import TABLES  # noqa: E402

SEED = 20261124
OTHER_SEEDS = (7, 4242, 991)  # nothing was tuned on these
TEXT = """\
# Messy files

Two clean tables, each spoiled in {kinds} ways and five strengths: {files} files
(`tests/pollution/`, seed {seed}). Every tool reads each file knowing nothing about it: Millrace
with `type: csv` and a path, DuckDB with `read_csv(path)`, Polars with `read_csv(path)`, pandas with
`read_csv(path, sep=None, engine="python")`. One run, made by `tests/pollution/report.py`; versions:
{versions}.

| Word | Means |
| --- | --- |
| recovered | every row is there and equal to the clean one |
| rejected | the rows that are there are equal, the others were set aside with a reason |
| refused | the file as a whole was refused with an error (Millrace: with a proposal) |
| wrong | a row is not what it was, is lost, or is no row at all, and nothing says so |

A value counts as equal in its clean text, as the same number, or as the file literally writes it
(`1.234,50`, `N/A`, blanks around it): reading what stands there loses nothing. The test
`tests/pollution/test_pollution.py` holds that Millrace has nothing in the last column.

## All kinds

| Tool | recovered | rejected | refused | wrong |
| --- | ---: | ---: | ---: | ---: |
{totals}

The detection was tuned on files of that seed. On files of other seeds, which it had never seen,
Millrace alone:

| Seed | recovered | rejected | refused | wrong |
| --- | ---: | ---: | ---: | ---: |
{others}

## By kind

Of {each} files each: recovered / rejected / refused / **wrong**.

| Kind | {tools} |
| --- | {rule} |
{rows}

## What this does not show

- A file cut inside its last value is a file without a last line end, to everybody. The kind
  `truncated_last_row` cuts before the last delimiter, where it can be told.
- Numbers are not translated: `1.234,50` stays a text until a contract says what it is.
- Peers have options that would read many of these files (DuckDB can set bad lines aside with
  `store_rejects`); the table is about files nobody has looked at.
- Fixed width, and tables side by side in one sheet, are not detected.
"""


def shown(counts: Counter[Verdict]) -> str:
    wrong = counts[Verdict.WRONG]
    return (
        f"{counts[Verdict.RECOVERED]} / {counts[Verdict.REJECTED]} / {counts[Verdict.REFUSED]} / "
        + (f"**{wrong}**" if wrong else "0")
    )


def row(name: object, counts: Counter[Verdict]) -> str:
    return f"| {name} | " + " | ".join(str(counts[verdict]) for verdict in Verdict) + " |"


def of_seed(binary: Path, kinds: list[str], seed: int) -> Counter[Verdict]:
    """How Millrace reads all the files of another seed."""
    found: Counter[Verdict] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for name in kinds:
            for table, make in TABLES.items():
                for strength in range(1, 6):
                    polluted = pollute(name, make(seed), strength, seed)
                    folder = Path(temporary) / f"{name}-{table}-{strength}"
                    folder.mkdir()
                    path = folder / "file.csv"
                    path.write_bytes(polluted.data)
                    found[judge(polluted, read_millrace(binary, folder, path)).verdict] += 1
    print(f"seed {seed}  {shown(found)}", flush=True)
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", type=Path, default=ROOT / "build" / "cli" / "millrace")
    arguments.add_argument("--report", type=Path)
    arguments.add_argument("--kind", action="append", help="only these kinds")
    arguments.add_argument("--no-peers", action="store_true")
    arguments.add_argument("--verbose", action="store_true")
    given = arguments.parse_args()
    peers = {} if given.no_peers else PEERS
    kinds = given.kind or sorted(KINDS)
    found: dict[str, dict[str, Counter[Verdict]]] = {
        tool: {name: Counter() for name in kinds} for tool in ["Millrace", *peers]
    }
    with tempfile.TemporaryDirectory() as temporary:
        for name in kinds:
            for table, make in TABLES.items():
                for strength in range(1, 6):
                    polluted = pollute(name, make(SEED), strength, SEED)
                    folder = Path(temporary) / f"{name}-{table}-{strength}"
                    folder.mkdir()
                    path = folder / "file.csv"
                    path.write_bytes(polluted.data)
                    readings = {"Millrace": read_millrace(given.binary, folder, path)}
                    readings |= {tool: read(path) for tool, read in peers.items()}
                    for tool, reading in readings.items():
                        judgement = judge(polluted, reading)
                        found[tool][name][judgement.verdict] += 1
                        bad = judgement.verdict in (Verdict.WRONG, Verdict.REFUSED)
                        if given.verbose and tool == "Millrace" and bad:
                            print(
                                f"{name} {table} {strength}: {judgement.verdict.value}: "
                                f"{judgement.why[:300]}",
                                flush=True,
                            )
            print(
                name,
                *(f"{tool} {shown(found[tool][name])}" for tool in found),
                sep="  ",
                flush=True,
            )
    totals = {tool: sum(kinds.values(), Counter()) for tool, kinds in found.items()}
    others = {seed: of_seed(given.binary, kinds, seed) for seed in OTHER_SEEDS if given.report}
    if given.report:
        import duckdb
        import pandas  # type: ignore[import-untyped]
        import polars

        each = 5 * len(TABLES)
        given.report.write_text(
            TEXT.format(
                kinds=len(kinds),
                files=len(kinds) * each,
                each=each,
                seed=SEED,
                versions=f"DuckDB {duckdb.__version__}, Polars {polars.__version__}, "
                f"pandas {pandas.__version__}",
                tools=" | ".join(found),
                rule=" | ".join("---:" for _ in found),
                totals="\n".join(row(tool, counts) for tool, counts in totals.items()),
                others="\n".join(row(seed, counts) for seed, counts in others.items()),
                rows="\n".join(
                    f"| {name.replace('_', ' ')} | "
                    + " | ".join(shown(found[tool][name]) for tool in found)
                    + " |"
                    for name in kinds
                ),
            )
        )
    wrong = sum(counts[Verdict.WRONG] for counts in [totals["Millrace"], *others.values()])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
