"""The release card as bytes: the same for the same run, and without what it must not hold."""

from __future__ import annotations

import shutil
from pathlib import Path

from card import runs

from command import Millrace


def copy_example(folder: Path) -> Path:
    ignore = shutil.ignore_patterns("out", "workspace")
    return Path(shutil.copytree(runs.EXAMPLE, folder, ignore=ignore))


def test_threads_and_folders_make_no_difference(millrace: Millrace, tmp_path: Path) -> None:
    cards = []
    for number, threads in enumerate(["1", "2", "8"]):
        folder = copy_example(tmp_path / f"ein ordner {number}")
        millrace.ok("run", folder / "pipeline.yaml", "--threads", threads, cwd=tmp_path)
        card = runs.card_of(folder)
        cards.append((card.read_bytes(), card.with_name("report.json").read_bytes()))
        assert runs.last_card(folder).read_bytes() == cards[-1][0]
    assert cards[0] == cards[1] == cards[2]


def test_a_run_again_leaves_the_card_as_it_is(millrace: Millrace, tmp_path: Path) -> None:
    card = runs.example(millrace, tmp_path / "x")
    before = card.read_bytes()
    assert b"rows written from forum" in before
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path / "x")
    assert card.read_bytes() == before


def test_values_of_sensitive_columns_are_not_on_the_card(
    millrace: Millrace, tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"mail": f"canary{i % 5}@example.org", "text": "fine", "tag": f"canary{i}"}
        for i in range(50)
    ]
    contract = """\
contract:
  columns:
    mail: {type: string, sensitive: true}
    tag: {type: string, sensitive: true}
    text: {type: string}
model_contract: m.yaml
"""
    runs.write(tmp_path / "x", rows, contract)
    (tmp_path / "x" / "m.yaml").write_text("""\
version: 1
model: m
composition: [mail, text]
requirements:
  P: {statement: No mail., type: pii, columns: [mail]}
  V: {statement: Tags., type: values, column: tag, allowed: [none]}
  U: {statement: Unique., type: unique, columns: mail}
""")
    outcome = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path / "x")
    assert [r["met"] for r in outcome.json()["model_contract"]["requirements"]] == [False] * 3
    for path in sorted((tmp_path / "x").rglob("report.*")):
        assert b"canary" not in path.read_bytes()
    assert "canary" not in outcome.out + outcome.err
    assert b"of the rows (50 of 50)" in runs.card_of(tmp_path / "x").read_bytes()


def test_the_bar_holds_all_rows_however_many_reasons(millrace: Millrace, tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(120)]
    rows: list[dict[str, object]] = [dict.fromkeys(names, 1) for _ in range(240)]
    for i, name in enumerate(names):
        rows[i][name] = "x"
    columns = "".join(f"    {name}: {{type: int32}}\n" for name in names)
    runs.write(tmp_path / "x", rows, f"contract:\n  columns:\n{columns}")
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path / "x")
    card = runs.card_of(tmp_path / "x").read_text()
    assert 'aria-label="50 % of the rows were written"' in card
    assert "And 20 more reasons with 20 rows" in card
