"""A file read as a user of each tool would who knows nothing about it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pollution.judge import Reading

from command import Millrace

CONFIG = """\
version: 1
name: pollution
sources: {s: {type: csv, path: file.csv}}
exports: {out: {type: jsonl, path: out, provenance: false}}
"""


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def read_millrace(binary: Path, folder: Path, path: Path) -> Reading:
    """A pipeline without a word about the file: rows from its export, rejects as stored."""
    import pyarrow.parquet as parquet

    (folder / "pipeline.yaml").write_text(CONFIG)
    if path.name != "file.csv":
        (folder / "file.csv").write_bytes(path.read_bytes())
    outcome = Millrace(binary)("run", "pipeline.yaml", "--json", cwd=folder, timeout=120)
    if outcome.code == 1:
        problems = json.loads(outcome.out)["errors"] if outcome.out.strip() else []
        message = "; ".join(f"{p.get('code')} {p.get('message')}" for p in problems)
        return Reading(error=message or outcome.err or "failed")
    assert outcome.code == 0, f"exit {outcome.code}: {outcome.out}{outcome.err}"
    reading = Reading()
    release = folder / "out" / "latest"
    for part in sorted(release.rglob("*.jsonl")):
        for text in part.read_text().splitlines():
            row = json.loads(text)
            reading.names = list(row)
            reading.rows.append([_text(value) for value in row.values()])
    for rejects in sorted((folder / "workspace").rglob("rejects/*.parquet")):
        for raw in parquet.read_table(rejects, columns=["raw"])["raw"].to_pylist():
            reading.rejects.append(raw or b"")
    return reading


def read_duckdb(path: Path) -> Reading:
    import duckdb

    connection = duckdb.connect()
    try:
        result = connection.execute("SELECT * FROM read_csv(?)", [os.fspath(path)])
        names = [column[0] for column in result.description or []]
        return Reading(names, [[_text(v) for v in row] for row in result.fetchall()])
    except Exception as error:
        return Reading(error=f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def read_polars(path: Path) -> Reading:
    import polars

    try:
        frame = polars.read_csv(path)
        return Reading(frame.columns, [[_text(v) for v in row] for row in frame.iter_rows()])
    except Exception as error:
        return Reading(error=f"{type(error).__name__}: {error}")


def read_pandas(path: Path) -> Reading:
    import pandas  # type: ignore[import-untyped]

    try:
        frame = pandas.read_csv(path, sep=None, engine="python")
        if not isinstance(frame.index, pandas.RangeIndex):
            frame = frame.reset_index()  # it takes the first column for an index in some files
        rows = [[_text(v) for v in row] for row in frame.itertuples(index=False, name=None)]
        return Reading([str(name) for name in frame.columns], rows)
    except Exception as error:
        return Reading(error=f"{type(error).__name__}: {error}")


PEERS: dict[str, Callable[[Path], Reading]] = {
    "DuckDB": read_duckdb,
    "Polars": read_polars,
    "pandas": read_pandas,
}
