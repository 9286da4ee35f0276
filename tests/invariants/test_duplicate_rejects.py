"""Rejects of duplicates name the bytes they stood in, whatever the format and the chunk."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from command import Millrace

ROWS = 60_000
REPEATS = [9, 17, 30_000, 59_998]  # rows that repeat the id of row 3

CONFIG = """\
version: 1
name: duplicates
workspace: ./workspace
sources:
  s: {{type: {kind}, path: in}}
contract:
  columns:
    id: {{type: string, unique: true}}
    text: {{type: string}}
"""


def records() -> list[dict[str, str]]:
    ids = ["r3" if i in REPEATS else f"r{i}" for i in range(ROWS)]
    return [{"id": name, "text": f"käse {i} " + "x" * (i % 200)} for i, name in enumerate(ids)]


def csv_text() -> bytes:
    lines = [f'{row["id"]},"{row["text"]}\n,"' for row in records()]
    lines.insert(5, "ragged")
    return ("id,text\n" + "\n".join(lines) + "\n").encode()


def jsonl_text() -> bytes:
    lines = [json.dumps(row) for row in records()]
    return ("\n".join(lines) + "\n").encode()


def array_text() -> bytes:
    return ("[" + " ,\n".join(json.dumps(row) for row in records()) + "]").encode()


def write(folder: Path, kind: str) -> tuple[str, bytes]:
    """The source's type and the file's bytes as a reader sees them, none for Parquet."""
    (folder / "in").mkdir()
    if kind == "parquet":
        table = pyarrow.Table.from_pylist(records())
        pyarrow.parquet.write_table(table, folder / "in" / "x.parquet", row_group_size=10_000)
        return "parquet", b""
    text = {"csv": csv_text, "csv.gz": csv_text, "jsonl": jsonl_text, "json": array_text}[kind]()
    stored = gzip.compress(text) if kind.endswith(".gz") else text
    (folder / "in" / f"x.{kind}").write_bytes(stored)
    return "csv" if kind.startswith("csv") else "jsonl", text


def duplicates(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("workspace/stages/*/*/rejects/*-unique-*.parquet"))
    rows = [row for path in files for row in pyarrow.parquet.ParquetFile(path).read().to_pylist()]
    return sorted(rows, key=lambda row: row["ordinal"])


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "json", "parquet"])
def test_duplicates_name_their_bytes(millrace: Millrace, tmp_path: Path, kind: str) -> None:
    source, text = write(tmp_path, kind)
    (tmp_path / "p.yaml").write_text(CONFIG.format(kind=source))
    result = millrace.ok("run", "p.yaml", "--json", cwd=tmp_path).json()
    assert result["rows_read"] == ROWS + (source == "csv")
    found = duplicates(tmp_path)
    shift = 1 if source == "csv" else 0  # the ragged record counts
    assert [row["ordinal"] for row in found] == [i + shift for i in REPEATS]
    original = f"s/x.{kind}#3"
    assert {(row["value"], row["threshold"]) for row in found} == {("r3", original)}
    for number, row in zip(REPEATS, found, strict=True):
        wanted = records()[number]
        if kind == "parquet":
            assert row["byte_offset"] is None and row["byte_length"] is None
            assert json.loads(row["raw"]) == wanted
            continue
        begin = row["byte_offset"]
        assert row["raw"] == text[begin : begin + row["byte_length"]]
        if source == "csv":
            assert row["raw"].decode() == f'r3,"{wanted["text"]}\n,"'
        else:
            assert json.loads(row["raw"]) == wanted
