"""Messy files without hints: recovered, rejected with a reason, or refused; never silently wrong.

Every kind is read in three strengths here; `make soak` reads all of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pollution.judge import Reading, Verdict, judge
from pollution.kinds import KINDS, pollute
from pollution.readers import read_millrace
from pollution.tables import TABLES

from command import Millrace

SEED = int(os.environ.get("MILLRACE_SEED", "20261124"))
STRENGTHS = (1, 2, 3, 4, 5) if os.environ.get("MILLRACE_POLLUTION") == "all" else (1, 3, 5)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_never_silently_wrong(name: str, millrace: Millrace, tmp_path: Path) -> None:
    for table_name, make in TABLES.items():
        if len(STRENGTHS) == 3 and table_name == "stock":
            continue
        for strength in STRENGTHS:
            polluted = pollute(name, make(SEED), strength, SEED)
            folder = tmp_path / f"{table_name}{strength}"
            folder.mkdir()
            (folder / "file.csv").write_bytes(polluted.data)
            found = judge(polluted, read_millrace(millrace.binary, folder, folder / "file.csv"))
            where = f"{name}, strength {strength}, {table_name}, seed {SEED}"
            assert found.verdict is not Verdict.WRONG, f"{where}: {found.why}"


def test_the_same_seed_gives_the_same_files() -> None:
    for name in KINDS:
        first, second = (pollute(name, TABLES["stock"](1), 3, 1) for _ in range(2))
        assert first.data == second.data


def test_the_judge_finds_what_is_wrong() -> None:
    polluted = pollute("delimiter", TABLES["stock"](1), 1, 1)
    right = Reading(polluted.names, [list(row) for row in polluted.rows])
    assert judge(polluted, right).verdict is Verdict.RECOVERED
    right.rows[3][2] = "no number"
    assert judge(polluted, right).verdict is Verdict.WRONG
    del right.rows[3]
    assert judge(polluted, right).verdict is Verdict.WRONG
    right.rejects = [polluted.rows[3][0].encode() + b" and more"]
    assert judge(polluted, right).verdict is Verdict.REJECTED
    assert judge(polluted, Reading(["a"], [["b"]])).verdict is Verdict.WRONG
    assert judge(polluted, Reading(error="no")).verdict is Verdict.REFUSED
