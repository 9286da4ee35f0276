"""`preview --until STAGE`: what each stage makes of each row that is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Millrace
from stages.staged import config, make


def test_rows_through_the_stages(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    outcome = millrace.ok(
        "preview", "pipeline.yaml", "--until", "final", "--rows", "20", "--json", cwd=tmp_path
    )
    assert "canary" not in outcome.out
    preview = outcome.json()
    assert preview["stage"] == "final"
    web = {row["row"]: row for row in preview["sources"][0]["rows"]}
    german = web["web/in/web-1.jsonl#5" if "web/in/web-1.jsonl#5" in web else "web/web-1.jsonl#5"]
    (stage,) = german["stages"]
    assert stage["stage"] == "quality"
    assert stage["rows"] == []
    (reject,) = stage["rejects"]
    assert (reject["instance"], reject["rule"]) == ("keep", "where.false")
    assert "stats.words >= 3" in reject["threshold"]
    passing = next(
        r for r in web.values() if [s["stage"] for s in r["stages"]] == ["quality", "final"]
    )
    (made,) = passing["stages"][0]["rows"]
    assert "text" in made["changed"]
    assert made["after"]["text"] == passing["after"]["text"].upper()
    assert "stats.words" in made["changed"]
    assert made["after"]["mail"] == "***"
    tagged = [r for r in web.values() for s in r["stages"] for m in s["rows"] if m.get("tags")]
    assert tagged
    assert not (tmp_path / "workspace").exists()


def test_what_needs_all_rows_is_decided_over_these(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    arguments = ["preview", "pipeline.yaml", "--until", "final", "--rows", "40"]
    preview = millrace.ok(*arguments, "--json", cwd=tmp_path).json()
    quality, final = preview["stages"]
    assert final["decided_over_these_rows_alone"] == ["same", "top"]
    assert quality["decided_over_these_rows_alone"] == []
    rows = [row for source in preview["sources"] for row in source["rows"]]
    repeats = {
        reject["row"]: reject["threshold"]
        for row in rows
        for stage in row["stages"]
        for reject in stage["rejects"]
        if reject["instance"] == "same"
    }
    assert len(repeats) == final["operators"][1]["dropped"] > 0
    order = [row["row"] for row in rows]
    text = {
        r["row"]: s["rows"][0]["after"]["text"]
        for r in rows
        for s in r["stages"]
        if s["stage"] == "quality" and s["rows"]
    }
    for repeated, first in repeats.items():
        assert order.index(first) < order.index(repeated)
        assert text[first] == text[repeated]
    shown = millrace.ok(*arguments, cwd=tmp_path).out
    assert "`final.same`, `final.top` must know all rows" in shown


def test_a_limit_over_few_rows(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    text = (tmp_path / "pipeline.yaml").read_text().replace("rows: 400", "rows: 2")
    (tmp_path / "pipeline.yaml").write_text(text)
    preview = millrace.ok(
        "preview", "pipeline.yaml", "--until", "final", "--json", cwd=tmp_path
    ).json()
    assert preview["stages"][1]["written"] == 2


def test_a_preview_is_what_a_run_does(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path, rows=30)
    preview = millrace.ok(
        "preview", "pipeline.yaml", "--until", "final", "--rows", "1000", "--json", cwd=tmp_path
    ).json()
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    for shown, done in zip(preview["stages"], run["stages"], strict=True):
        assert (shown["read"], shown["written"]) == (done["rows_read"], done["rows_written"])
        for a, b in zip(shown["operators"], done["operators"], strict=True):
            assert (a["reached"], a["dropped"], a["tagged"]) == (
                b["reached"],
                b["dropped"],
                b["tagged"],
            )


def test_rejects_that_a_run_only_counts_are_told(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    text = config().replace('stats.words >= 3"', 'stats.words >= 3", rejects: count')
    (tmp_path / "pipeline.yaml").write_text(text)
    preview = millrace.ok(
        "preview", "pipeline.yaml", "--until", "quality", "--json", cwd=tmp_path
    ).json()
    rejects = [
        r
        for s in preview["sources"]
        for row in s["rows"]
        for e in row["stages"]
        for r in e["rejects"]
    ]
    assert len(rejects) == preview["stages"][0]["operators"][1]["dropped"] > 0


def test_of_one_source(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    preview = millrace.ok(
        "preview", "pipeline.yaml", "--until", "quality", "--source", "code", "--json", cwd=tmp_path
    ).json()
    assert [s["source"] for s in preview["sources"]] == ["code"]
    assert preview["stages"][0]["read"] == 20


@pytest.mark.parametrize("stage", ["qualty", "none"])
def test_a_stage_that_is_not_there(millrace: Millrace, tmp_path: Path, stage: str) -> None:
    make(tmp_path)
    wrong = millrace("preview", "pipeline.yaml", "--until", stage, cwd=tmp_path)
    assert wrong.code == 2
    assert "no stage" in wrong.err
    assert "`quality`" in wrong.err or "`final`" in wrong.err
