"""`millrace trace`: the life of a row, worked out again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from command import Millrace

CONFIG = """\
version: 1
name: traced
sources:
  web: {type: jsonl, path: web.jsonl}
  code: {type: jsonl, path: code.jsonl}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string}
    mail: {type: string, sensitive: true}
stages:
  - name: clean
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: wordy, type: where, expr: "stats.words > 1", rejects: keys}
      - {id: up, type: derive, column: text, expr: "upper(text)"}
      - {id: same, type: exact_dedup, fields: text}
  - name: blend
    inputs: {clean: {caps: {rows: 2}}}
    mixture: {}
    operators:
      - {id: mark, type: where, expr: "id < 3", action: tag}
exports:
  train: {type: parquet, path: out}
"""

CANARY = "canary@example.org"
WEB = [
    {"id": 1, "text": "one two", "mail": CANARY},
    {"id": 2, "text": "one"},
    {"id": "x", "text": "not a number"},
    {"id": 4, "text": "ONE two"},
    {"id": 5, "text": "three four"},
    {"id": 6, "text": "five six"},
]


@pytest.fixture
def folder(millrace: Millrace, tmp_path: Path) -> Path:
    (tmp_path / "p.yaml").write_text(CONFIG)
    (tmp_path / "web.jsonl").write_text("".join(json.dumps(row) + "\n" for row in WEB))
    (tmp_path / "code.jsonl").write_text("")
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    return tmp_path


def trace(millrace: Millrace, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    result = millrace.ok("trace", "p.yaml", *arguments, "--json", cwd=folder)
    assert CANARY not in result.out
    rows: list[dict[str, Any]] = result.json()["rows"]
    return rows


def test_a_row_that_is_published(millrace: Millrace, folder: Path) -> None:
    (row,) = trace(millrace, folder, "web/web.jsonl#0")
    assert row["ingest"]["values"] == {"id": "1", "text": "one two", "mail": "***"}
    length = len(json.dumps(WEB[0]))
    assert row["record"] == {
        "state": "as read",
        "byte_offset": 0,
        "byte_length": length,
        "bytes": "***",
    }
    clean, blend = row["stages"]
    assert [step["decision"] for step in clean["operators"]] == ["passed"] * 4
    assert clean["operators"][2]["changes"]["text"] == {"before": "one two", "after": "ONE TWO"}
    assert blend["operators"][0]["decision"] == "passed"
    (other,) = trace(millrace, folder, "web/web.jsonl#4")
    assert other["stages"][1]["operators"][0]["decision"] == "tagged"
    (end,) = row["published"]
    assert end["exports"][0]["name"] == "train"
    assert end["shards"][0]["row"] == 0


@pytest.mark.parametrize(
    ("ordinal", "instance", "rule"),
    [(1, "wordy", "where.false"), (3, "same", "exact_dedup.duplicate")],
)
def test_a_row_that_an_operator_dropped(
    millrace: Millrace, folder: Path, ordinal: int, instance: str, rule: str
) -> None:
    (row,) = trace(millrace, folder, f"web/web.jsonl#{ordinal}")
    last = row["stages"][-1]["operators"][-1]
    assert (last["operator"], last["decision"], last["reject"]["rule"]) == (
        instance,
        "dropped",
        rule,
    )
    if instance == "same":
        assert last["reject"]["threshold"] == "web/web.jsonl#0"
    assert row["published"] == []


def test_a_row_that_was_rejected_or_not_drawn(millrace: Millrace, folder: Path) -> None:
    rejected, left = trace(millrace, folder, "web/web.jsonl#2", "web/web.jsonl#5")
    assert rejected["ingest"]["reject"]["rule"] == "contract.type"
    assert rejected["ended"]["stage"] == "ingest"
    assert left["stages"][-1]["decision"] == "not drawn by the mixture"


def test_rows_by_what_is_in_them(millrace: Millrace, folder: Path) -> None:
    rows = trace(millrace, folder, "--where", "id > 3", "--rows", "2")
    assert [row["row_id"] for row in rows] == ["web/web.jsonl#3", "web/web.jsonl#4"]
    text = millrace.ok("trace", "p.yaml", "--where", "id = 2", cwd=folder).out
    assert "wordy (where): dropped" in text
    assert "published: nowhere" in text


def test_what_cannot_be_traced(millrace: Millrace, folder: Path) -> None:
    for arguments, code in (
        (("web/web.jsonl#99",), "MR1901"),
        (("wob/web.jsonl#1",), "MR1901"),
        ((), "MR1901"),
        (("--where", "id = 77"), "MR1901"),
        (("--where", "idd = 77"), "MR1301"),
    ):
        result = millrace("trace", "p.yaml", *arguments, cwd=folder)
        assert result.code == 2 or code != "MR1901"
        assert result.code != 0
        assert code in result.err
    (folder / "p.yaml").write_text(CONFIG.replace("id < 3", "id < 4"))
    result = millrace("trace", "p.yaml", "web/web.jsonl#0", cwd=folder)
    assert "MR1501" in result.err


def test_the_record_as_it_stands_in_its_file(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: p\nsources: {s: {type: csv, path: 'in/*.csv.gz'}}\n"
        "contract: {columns: {id: {type: int64}, text: {type: string}}}\n"
        "exports: {o: {type: jsonl, path: out}}\n"
    )
    (tmp_path / "in").mkdir()
    text = 'id,text\n1,"two\nlines"\nx,bad\n3,ragged,row\n4,last\n'
    (tmp_path / "in/a.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "in/b.csv.gz").write_bytes(gzip.compress(b"id,text\n9,other\n"))
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    for ordinal, record in enumerate(['1,"two\nlines"', "x,bad", "3,ragged,row", "4,last"]):
        (row,) = trace(millrace, tmp_path, f"s/a.csv.gz#{ordinal}")
        assert row["record"]["state"] == "as read"
        assert row["record"]["bytes"].rstrip("\n") == record
        assert row["record"]["byte_offset"] == text.index(record)
    shown = millrace.ok("trace", "p.yaml", "s/a.csv.gz#0", cwd=tmp_path).out
    assert "record: " in shown and "bytes from byte 8" in shown

    (tmp_path / "in/a.csv.gz").write_bytes(gzip.compress(b"id,text\n1,else\n"))
    (row,) = trace(millrace, tmp_path, "s/a.csv.gz#0")
    assert row["record"]["state"] == "changed"
    (tmp_path / "in/a.csv.gz").unlink()
    (row,) = trace(millrace, tmp_path, "s/a.csv.gz#0")
    assert row["record"] == {"state": "gone"}
