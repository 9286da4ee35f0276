"""`millrace preview`: rows before and after, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command import Millrace

CONFIG = """\
version: 1
name: p
sources:
  t: {type: csv, path: "in/*.csv"}
contract:
  columns:
    id: {type: int64, min: 2, unique: true}
    who: {type: string, sensitive: true, from: mail, length: {max: 20}}
    up: {type: string, from: {expr: "upper(word)"}}
"""


def write(folder: Path, config: str = CONFIG) -> None:
    (folder / "in").mkdir()
    (folder / "pipeline.yaml").write_text(config)
    rows = "".join(f"{i},canary{i}@x.org,w{i},hidden{i}@y.org\n" for i in range(1, 60))
    long = "2,canary-that-is-much-too-long@x.org,w,h\n3,short\n"
    (folder / "in" / "a.csv").write_text("id,mail,word,contact\n" + rows[: rows.index("4,")] + long)
    (folder / "in" / "b.csv").write_text("id,mail,word,contact\n" + rows[rows.index("4,") :])


def source_of(millrace: Millrace, folder: Path, *more: str) -> Any:
    return millrace.ok("preview", "pipeline.yaml", "--json", *more, cwd=folder).json()["sources"][0]


def test_before_and_after(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    source = source_of(millrace, tmp_path, "--rows", "7")
    rows = source["rows"]
    assert [r["row"].split("/")[-1] for r in rows] == [
        "a.csv#0",
        "a.csv#1",
        "a.csv#2",
        "a.csv#3",
        "a.csv#4",
        "b.csv#0",
        "b.csv#1",
    ]
    assert rows[0]["reject"]["rule"] == "contract.min" and rows[0]["after"] is None
    assert rows[1]["before"]["word"] == "w2" and rows[1]["after"]["up"] == "W2"
    assert rows[3]["reject"]["column"] == "who"
    assert rows[4]["reject"]["rule"] == "csv.too_few_fields" and rows[4]["before"] is None
    assert (source["read"], source["passed"], source["rejected"]) == (7, 4, 3)


def test_it_agrees_with_a_run(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    source = source_of(millrace, tmp_path, "--rows", "1000")
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert source["read"] == run["rows_read"]
    assert source["passed"] == run["rows_written"]


def test_sensitive_values_are_masked(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    for more in ([], ["--json"]):
        text = millrace.ok("preview", "pipeline.yaml", "--rows", "9", *more, cwd=tmp_path).out
        # Neither the contract's sensitive column nor one beside it that looks the same.
        assert "canary" not in text and "hidden" not in text and "***" in text
        assert "short" not in text  # of a record that is no row nobody knows what is what


def test_nested_sensitive_values_are_masked(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"doc": {"x": "canary", "y": 1}, "k": 1}\n')
    (tmp_path / "pipeline.yaml").write_text(
        "version: 1\nname: p\nsources: {j: {type: jsonl, path: a.jsonl}}\n"
        "contract: {columns: {x: {from: doc.x, sensitive: true}, k: {type: int64}}}\n"
    )
    out = millrace.ok("preview", "pipeline.yaml", "--json", cwd=tmp_path).out
    assert "canary" not in out
    assert json.loads(out)["sources"][0]["rows"][0]["before"] == {"doc": "***", "k": "1"}


def test_nothing_is_written(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path)
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    millrace.ok("preview", "pipeline.yaml", cwd=tmp_path)
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_only_the_beginning_is_read(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    with (tmp_path / "in" / "a.csv").open("w") as out:
        out.write("id,mail,word,contact\n")
        for i in range(200_000):
            out.write(f"{i},m{i},w{i},c{i}\n")
    big = source_of(millrace, tmp_path, "--rows", "3")
    assert big["read"] == 3
    with (tmp_path / "in" / "a.csv").open("r+b") as out:
        out.seek(2_000_000)
        out.write(b'\n"broken')
    assert source_of(millrace, tmp_path, "--rows", "3") == big


def test_parquet_and_an_inferred_contract(millrace: Millrace, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(5000)), "b": [[1, 2]] * 5000}), tmp_path / "a.parquet")
    (tmp_path / "pipeline.yaml").write_text(
        "version: 1\nname: p\nsources: {s: {type: parquet, path: a.parquet}}\n"
    )
    source = source_of(millrace, tmp_path, "--rows", "2")
    assert source["inferred"] and source["read"] == 2
    assert source["rows"][1]["after"] == {"a": "1", "b": "[1,2]"}


def test_a_rule_that_ends_the_run(millrace: Millrace, tmp_path: Path) -> None:
    write(tmp_path, CONFIG.replace("min: 2", "min: 2, on_error: fail"))
    rows = source_of(millrace, tmp_path, "--rows", "5")["rows"]
    assert len(rows) == 1 and rows[0]["reject"]["ends_the_run"]
    (tmp_path / "in" / "a.csv").write_text(
        "id,mail,word,contact\n5,a@b,x,y\n1,a@b,x,y\n7,a@b,x,y\n"
    )
    rows = source_of(millrace, tmp_path, "--rows", "5")["rows"]
    assert [row.get("reject", {}).get("ends_the_run", False) for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["--until", "mix"], 2, "`ingest`"),
        (["--source", "tt"], 2, "did you mean"),
        (["--rows", "0"], 2, "rows"),
    ],
)
def test_usage(millrace: Millrace, tmp_path: Path, args: list[str], code: int, word: str) -> None:
    write(tmp_path)
    outcome = millrace("preview", "pipeline.yaml", *args, cwd=tmp_path)
    assert outcome.code == code and word in outcome.err
    millrace.ok("preview", "pipeline.yaml", "--until", "ingest", cwd=tmp_path)


def test_a_column_that_is_missing_points_into_the_config(
    millrace: Millrace, tmp_path: Path
) -> None:
    write(tmp_path, CONFIG.replace("from: mail", "from: nail"))
    outcome = millrace("preview", "pipeline.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "MR1401" in outcome.err and "pipeline.yaml:" in outcome.err
