"""`millrace check`: the verdict of a contract on one file, as a run would give it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from command import Millrace

CONTRACT = """\
version: 3
columns:
  id: {type: int64, required: true, unique: true}
  word: {type: string, length: {max: 6}}
  mail: {type: string, sensitive: true, regex: ".+@.+"}
"""
CONFIG = "version: 1\nname: p\nsources:\n  s: {type: csv, path: in.csv%s}\ncontract:\n" + "".join(
    f"  {line}\n" for line in CONTRACT.splitlines()
)
GOOD = "id,word,mail\n1,a,x@y\n2,b,canary@y\n"


def check(millrace: Millrace, folder: Path, *args: str) -> tuple[int, Any]:
    outcome = millrace("check", *args, "--json", cwd=folder)
    return outcome.code, json.loads(outcome.out)


def test_a_file_that_passes(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT)
    (tmp_path / "a.csv").write_text(GOOD)
    code, verdict = check(millrace, tmp_path, "a.csv", "--contract", "c.yaml")
    assert (code, verdict["verdict"], verdict["contract_version"]) == (0, "accepted", 3)
    assert verdict["rows"] == {"read": 2, "accepted": 2, "rejected": 0}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "c.yaml"]


def test_every_reason_with_samples(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT)
    (tmp_path / "a.csv").write_text(
        GOOD + ",c,z@y\nx,d,z@y\n3,muchtoolong,z@y\n4,e,canary-secret\n1,f,z@y\n5,g\n"
    )
    outcome = millrace("check", "a.csv", "--contract", "c.yaml", "--json", cwd=tmp_path)
    verdict = outcome.json()
    assert outcome.code == 3 and verdict["verdict"] == "rejected"
    assert verdict["rows"] == {"read": 8, "accepted": 2, "rejected": 6}
    reasons = {(r["rule"], r["column"]): r for r in verdict["rejects"]}
    assert set(reasons) == {
        ("contract.required", "id"),
        ("contract.type", "id"),
        ("contract.length", "word"),
        ("contract.regex", "mail"),
        ("unique.duplicate", "id"),
        ("csv.too_few_fields", ""),
    }
    duplicate = reasons[("unique.duplicate", "id")]["samples"][0]
    assert (duplicate["row"], duplicate["threshold"]) == ("a.csv#6", "a.csv#0")
    assert reasons[("contract.length", "word")]["samples"][0]["value"] == "muchtoolong"
    shown = millrace("check", "a.csv", "--contract", "c.yaml", cwd=tmp_path)
    assert "canary" not in outcome.out + shown.out
    assert "contract.length" in shown.out and shown.code == 3


def test_it_agrees_with_a_run(millrace: Millrace, tmp_path: Path) -> None:
    rng = random.Random(5)
    lines = [
        f"{rng.randrange(3000)},{'w' * rng.randrange(9)},{rng.choice(['a@b', 'ab'])}"
        for _ in range(5000)
    ]
    (tmp_path / "in.csv").write_text("id,word,mail\n" + "\n".join(lines) + "\n")
    (tmp_path / "p.yaml").write_text(CONFIG % "")
    code, verdict = check(millrace, tmp_path, "in.csv", "--contract", "p.yaml")
    run = millrace.ok("run", "p.yaml", "--json", cwd=tmp_path).json()
    assert code == 3
    assert verdict["rows"]["accepted"] == run["rows_written"]
    mine = sorted((r["rule"], r["column"], r["rows"]) for r in verdict["rejects"])
    assert mine == sorted((r["rule"], r["column"], r["rows"]) for r in run["rejects"])


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("max_rejects: 1", 0),
        ("max_rejects: 0", 3),
        ("max_reject_fraction: 0.5", 0),
        ("max_reject_fraction: 0.1", 3),
    ],
)
def test_limits_of_the_source_count(
    millrace: Millrace, tmp_path: Path, limit: str, code: int
) -> None:
    (tmp_path / "in.csv").write_text(GOOD + "3,muchtoolong,z@y\n")
    (tmp_path / "p.yaml").write_text(CONFIG % f", limits: {{{limit}}}")
    got, verdict = check(millrace, tmp_path, "in.csv", "--contract", "p.yaml")
    assert got == code
    assert verdict["verdict"] == ("within_limits" if code == 0 else "rejected")


def test_the_dialect_of_the_source_holds(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        CONFIG % ', delimiter: ";", header: false, columns: [id, word, mail]'
    )
    (tmp_path / "new.csv").write_text("1;a;x@y\n2;b;x@y\n")
    assert check(millrace, tmp_path, "new.csv", "--contract", "p.yaml")[0] == 0


def test_several_contracts_and_sources(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: p\nsources:\n"
        "  a: {type: csv, path: a.csv, contract: one}\n"
        "  b: {type: csv, path: b.csv, contract: one}\n"
        "  c: {type: jsonl, path: c.jsonl, contract: two}\n"
        "contracts:\n"
        "  one: {columns: {k: {type: int64, from: {a: x, b: y}}}}\n"
        "  two: {columns: {v: {type: string, required: true}}}\n"
    )
    (tmp_path / "a.csv").write_text("x,o\n1,1\n2,2\n")
    (tmp_path / "new.csv").write_text("y,o\n1,1\n2,2\n")
    (tmp_path / "c.jsonl").write_text('{"v": "s"}\n{}\n')
    c = ["--contract", "p.yaml"]
    outcome = millrace("check", "a.csv", *c, cwd=tmp_path)
    assert outcome.code == 2 and "--table" in outcome.err
    assert check(millrace, tmp_path, "a.csv", *c, "--table", "one")[1]["source"] == "a"
    outcome = millrace("check", "new.csv", *c, "--table", "one", cwd=tmp_path)
    assert outcome.code == 2 and "--source" in outcome.err
    assert check(millrace, tmp_path, "new.csv", *c, "--source", "b")[0] == 0
    assert check(millrace, tmp_path, "c.jsonl", *c, "--table", "two")[0] == 3
    assert millrace("check", "a.csv", *c, "--table", "three", cwd=tmp_path).code == 2


def test_a_contract_alone_that_names_sources(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("columns: {k: {type: int64, from: {a: x, b: y}}}\n")
    (tmp_path / "f.csv").write_text("y,o\n1,1\n2,2\n")
    outcome = millrace("check", "f.csv", "--contract", "c.yaml", cwd=tmp_path)
    assert outcome.code == 2 and "`a`, `b`" in outcome.err
    assert check(millrace, tmp_path, "f.csv", "--contract", "c.yaml", "--source", "b")[0] == 0


def test_what_a_workspace_proposes(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: p\nsources: {s: {type: csv, path: in.csv}}\n"
    )
    millrace.ok("run", "p.yaml", cwd=tmp_path)
    proposal = "workspace/contract.proposed.yaml"
    assert check(millrace, tmp_path, "in.csv", "--contract", proposal)[0] == 0
    outcome = millrace("check", "in.csv", "--contract", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "declares no contract" in outcome.err


def test_errors_in_a_contract_alone_have_their_place(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("columns:\n  id: {typ: int64}\n  w: {type: strin}\n")
    (tmp_path / "a.csv").write_text(GOOD)
    outcome = millrace("check", "a.csv", "--contract", "c.yaml", cwd=tmp_path)
    assert outcome.code == 1
    assert "c.yaml:2:" in outcome.err and "c.yaml:3:" in outcome.err and "MR1203" in outcome.err


def test_a_file_without_the_columns(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONTRACT)
    (tmp_path / "a.csv").write_text("idd,word\n1,x\n2,y\n")
    outcome = millrace("check", "a.csv", "--contract", "c.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "MR1401" in outcome.err and "did you mean" in outcome.err


def test_a_rule_that_ends_a_run(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("columns: {id: {type: int64, on_error: fail}}\n")
    (tmp_path / "a.csv").write_text("id,w\n1,a\nx,b\n3,c\n")
    code, verdict = check(millrace, tmp_path, "a.csv", "--contract", "c.yaml")
    assert code == 3 and verdict["ended_early"] and verdict["rows"]["rejected"] == 1
    assert verdict["rejects"][0]["samples"][0]["row"] == "a.csv#1"


def test_an_empty_file_and_none(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(CONFIG % "")
    (tmp_path / "e.csv").write_text("")
    code, verdict = check(millrace, tmp_path, "e.csv", "--contract", "p.yaml")
    assert code == 0 and verdict["rows"]["read"] == 0
    outcome = millrace("check", "none.csv", "--contract", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "MR1501" in outcome.err
    outcome = millrace("check", "e.csv", "--contract", "none.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "MR1501" in outcome.err


def test_unique_keys_beyond_memory_leave_nothing_behind(millrace: Millrace, tmp_path: Path) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    (tmp_path / "c.yaml").write_text("columns: {id: {type: int64, unique: true}, w: {}}\n")
    with (tmp_path / "a.csv").open("w") as out:
        out.write("id,w\n")
        out.writelines(f"{(i * 7919) % 299_993},x\n" for i in range(300_000))
    outcome = millrace(
        "check",
        "a.csv",
        "--contract",
        "c.yaml",
        "--json",
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    assert outcome.code == 3
    assert outcome.json()["rows"]["rejected"] == 300_000 - 299_993
    assert list(scratch.iterdir()) == []


def test_what_a_killed_check_leaves_goes_with_the_next(millrace: Millrace, tmp_path: Path) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    (tmp_path / "c.yaml").write_text("columns: {id: {type: int64, unique: true}, w: {}}\n")
    (tmp_path / "a.csv").write_text("id,w\n" + "".join(f"{i},x\n" for i in range(1_000_000)))
    command = [str(millrace.binary), "check", "a.csv", "--contract", "c.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as one:
        while one.poll() is None and not list(scratch.iterdir()):
            time.sleep(0.001)
        one.kill()
    assert len(list(scratch.iterdir())) == 1
    (tmp_path / "b.csv").write_text("id,w\n1,x\n")
    arguments = ["check", "b.csv", "--contract", "c.yaml"]
    assert millrace(*arguments, cwd=tmp_path, env=environment).code == 0
    assert list(scratch.iterdir()) == []
