"""What other programs read from our releases: the real thing is the judge."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from command import Millrace

ROWS = 3000
PIPELINE = """
version: 1
name: compat
workspace: ./workspace
sources:
  rows: {type: csv, path: rows.csv}
contract:
  version: 1
  columns:
    id: {type: int64, required: true}
    unsigned: {type: uint64}
    real: {type: float64}
    money: {type: "decimal(12,2)"}
    flag: {type: bool}
    day: {type: date}
    at: {type: "timestamp[us, UTC]"}
    kind: {type: string}
    text: {type: string}
exports:
  drop: {type: parquet, path: out/drop}
  cut: {type: parquet, path: out/cut, rows_per_shard: 700, provenance: false}
  kinds: {type: parquet, path: out/kinds, partition_by: [kind]}
  lines: {type: jsonl, path: out/lines}
  gzip: {type: jsonl, path: out/gzip, compression: gzip}
  zstd: {type: jsonl, path: out/zstd, compression: zstd}
"""

Row = dict[str, Any]


def make_rows() -> list[Row]:
    rng = random.Random(20261121)
    rows: list[Row] = []
    for i in range(ROWS):
        row: Row = {
            "id": i + 2**53,
            "unsigned": 2**64 - 1 - i,
            "real": rng.random() * 10.0 ** rng.randrange(-20, 20),
            "money": decimal.Decimal(rng.randrange(-(10**9), 10**9)).scaleb(-2),
            "flag": rng.random() < 0.5,
            "day": dt.date(1900, 1, 1) + dt.timedelta(days=rng.randrange(60000)),
            "at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            + dt.timedelta(microseconds=rng.randrange(10**15)),
            "kind": rng.choice(["plain", "with space", "é/ü=%", "x"]),
            "text": rng.choice(['say "hi"', "two\nlines", "tab\t", "漢字 🙂", "comma, here"])
            + str(i),
        }
        for name in row:
            if name != "id" and rng.random() < 0.1:
                row[name] = None
        rows.append(row)
    return rows


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return repr(value) if isinstance(value, float) else str(value)


class Releases:
    """The releases of one run, and the rows that went in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = make_rows()

    def parts(self, export: str) -> list[Path]:
        """The files of the newest release, found as LATEST.json says."""
        target = self.folder / "out" / export
        latest = json.loads((target / "LATEST.json").read_text())
        manifest = json.loads((target / latest["manifest"]).read_text())
        return [target / latest["release_id"] / file["path"] for file in manifest["files"]]

    def values(self) -> list[Row]:
        return self.rows


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory, millrace: Millrace) -> Releases:
    folder = tmp_path_factory.mktemp("compat")
    made = Releases(folder)
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(made.rows[0])
        for row in made.rows:
            writer.writerow([as_text(value) for value in row.values()])
    (folder / "pipeline.yaml").write_text(PIPELINE)
    millrace.ok("run", folder / "pipeline.yaml")
    return made


def without_id(rows: list[Row]) -> list[Row]:
    return [{k: v for k, v in row.items() if k != "__fdf__/row_id"} for row in rows]


def test_pyarrow_reads_every_value(releases: Releases) -> None:
    tables = [pq.read_table(part) for part in releases.parts("drop")]
    table = pa.concat_tables(tables)
    assert table.column_names[-1] == "__fdf__/row_id"
    assert table["__fdf__/row_id"][7].as_py() == "rows/rows.csv#7"
    assert without_id(table.to_pylist()) == releases.values()
    assert pq.read_metadata(releases.parts("drop")[0]).row_group(0).column(0).statistics.has_min_max


def test_pyarrow_dataset_and_the_symlink(releases: Releases) -> None:
    latest = releases.folder / "out" / "cut" / "latest"
    data = pads.dataset(latest)
    assert data.to_table().sort_by("id").to_pylist() == releases.values()
    assert len(releases.parts("cut")) == -(-ROWS // 700)


def test_duckdb_reads_every_value(releases: Releases) -> None:
    parts = [str(part) for part in releases.parts("cut")]
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    found = connection.execute("from read_parquet(?)", [parts]).to_arrow_table()
    assert found.to_pylist() == releases.values()


def test_polars_reads_every_value(releases: Releases) -> None:
    frame = pl.concat([pl.read_parquet(part) for part in releases.parts("cut")])
    assert frame.to_dicts() == releases.values()


def test_hugging_face_reads_every_value(releases: Releases, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    parts = [str(part) for part in releases.parts("cut")]
    loaded = datasets.load_dataset(
        "parquet", data_files=parts, split="train", cache_dir=str(tmp_path)
    )
    assert loaded.num_rows == ROWS
    assert loaded.features["money"].dtype.startswith("decimal128")
    assert loaded["text"][:] == [row["text"] for row in releases.values()]


@pytest.mark.parametrize("reader", ["pyarrow", "duckdb"])
def test_hive_partitions(releases: Releases, reader: str) -> None:
    latest = releases.folder / "out" / "kinds" / "latest"
    if reader == "pyarrow":
        table = pads.dataset(latest, partitioning="hive").to_table(columns=["id", "kind"])
        found = {row["id"]: row["kind"] for row in table.to_pylist()}
    else:
        query = "select id, kind from read_parquet(?, hive_partitioning = true)"
        found = dict(duckdb.execute(query, [f"{latest}/*/*.parquet"]).fetchall())
    assert found == {row["id"]: row["kind"] for row in releases.values()}


def expected_json(row: Row) -> Row:
    texts: dict[str, Callable[[Any], Any]] = {
        "money": str,
        "day": lambda day: day.isoformat(),
        "at": lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return {k: texts[k](v) if k in texts and v is not None else v for k, v in row.items()}


def test_json_lines_are_exact(releases: Releases) -> None:
    lines = [line for part in releases.parts("lines") for line in part.read_bytes().splitlines()]
    found = without_id([json.loads(line) for line in lines])
    assert found == [expected_json(row) for row in releases.values()]


@pytest.mark.parametrize("export", ["lines", "gzip", "zstd"])
def test_duckdb_and_polars_read_json_lines(releases: Releases, export: str) -> None:
    parts = [str(part) for part in releases.parts(export)]
    columns = "{id: 'BIGINT', unsigned: 'UBIGINT', text: 'VARCHAR'}"
    query = f"select * from read_json(?, format = 'newline_delimited', columns = {columns})"
    expected = [(row["id"], row["unsigned"], row["text"]) for row in releases.values()]
    assert duckdb.execute(query, [parts]).fetchall() == expected
    frame = pl.scan_ndjson(parts, infer_schema_length=None).select("id", "text").collect()
    assert frame.rows() == [(row["id"], row["text"]) for row in releases.values()]


def test_one_gzip_member_and_the_same_logical_hash(releases: Releases) -> None:
    def hashes(export: str) -> list[str]:
        target = releases.folder / "out" / export
        manifest = json.loads((target / "latest" / "_millrace.json").read_text())
        return [file["logical_sha256"] for file in manifest["files"]]

    assert hashes("lines") == hashes("gzip") == hashes("zstd") == hashes("drop")
    for part in releases.parts("gzip"):
        head = part.read_bytes()[:10]
        assert head == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
