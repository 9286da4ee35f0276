"""`eval_contract`: rows against a contract that their source does not have."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from command import Millrace

CONFIG = """\
version: 1
name: strict
workspace: ./workspace
sources:
  s: {type: jsonl, path: s.jsonl, contract: loose}
contracts:
  loose:
    columns:
      id: {type: int64, required: true}
      lang: {type: string}
      text: {type: string, sensitive: true}
  strict:
    columns:
      lang: {type: string, required: true, enum: [de, en]}
      text: {type: string, length: {min: 3}, sensitive: true}
stages:
  - name: judged
    input: s
    operators:
      - {id: ok, type: eval_contract, contract: strict}
      - {id: keep, type: where, expr: "eval.ok_pass or id > 3"}
exports:
  x: {type: parquet, from: judged, path: out, overwrite: true}
"""
ROWS = [
    {"id": 1, "lang": "de", "text": "abc"},
    {"id": 2, "lang": "fr", "text": "x"},
    {"id": 4, "lang": None, "text": "x"},
    {"id": 5, "lang": "en", "text": "x"},
]


def test_every_row_is_judged(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (shard,) = (tmp_path / "out").glob("[0-9a-f]*/*.parquet")
    rows = pq.read_table(shard).to_pylist()
    assert [(r["id"], r["__fdf__/eval_ok_pass"], r["__fdf__/eval_ok_reason"]) for r in rows] == [
        (1, True, None),
        (4, False, "lang: contract.required"),
        (5, False, "text: contract.length 3.."),
    ]
    # The contract is part of what the stage is.
    (tmp_path / "pipeline.yaml").write_text(CONFIG.replace("min: 3", "min: 2"))
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert told["splits_skipped"] < told["splits_total"]


def test_what_is_wrong_is_shown_where_it_is_written(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("{}\n")
    for before, after, wanted in (
        ("contract: strict}", "contract: strickt}", "did you mean `strict`?"),
        (", contract: strict}", "}", "the config has several contracts: name one"),
        ("      lang: {type: string}\n", "", "the contract has a column `lang`"),
        ("lang: {type: string}", "lang: {type: int64}", "`lang` is int64 here"),
    ):
        assert before in CONFIG
        (tmp_path / "pipeline.yaml").write_text(CONFIG.replace(before, after, 1))
        told = millrace("validate", "pipeline.yaml", cwd=tmp_path)
        assert told.code == 1
        assert wanted in told.err and "pipeline.yaml:" in told.err, told.err
