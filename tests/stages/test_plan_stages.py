"""`plan` says of each stage what a run would do with it and why, and a run then does that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command import Millrace
from stages.staged import FINAL, QUALITY, config, lines, make


def stages(millrace: Millrace, folder: Path) -> dict[str, Any]:
    plan = millrace.ok("plan", "pipeline.yaml", "--json", cwd=folder).json()
    return {stage["name"]: stage for stage in plan["stages"]}


def why(stage: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(r["reason"], r.get("input", ""), r["text"]) for r in stage["reasons"]]


def test_what_a_stage_is(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    quality = stages(millrace, tmp_path)["quality"]
    assert quality["inputs"] == ["web", "code", "mail", "news"]
    assert [(o["id"], o["type"], o["kind"]) for o in quality["operators"]] == [
        ("stats", "text_stats", "score"),
        ("keep", "where", "filter"),
        ("long", "where", "filter"),
        ("up", "derive", quality["operators"][3]["kind"]),
    ]
    columns = {c["name"]: c["type"] for c in quality["columns"]}
    assert columns["id"] == "int64"
    assert columns["stats.words"] == "int64"
    assert not any(name.startswith("__fdf__") for name in columns)
    text = millrace.ok("plan", "pipeline.yaml", cwd=tmp_path).out
    assert "stats (text_stats) → keep (where)" in text
    assert "no run has finished it" in text
    assert "told before it is done" in text


def test_nothing_to_do_until_something_changes(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    before = stages(millrace, tmp_path)
    assert [before[s]["runs"] for s in before] == [True, True]
    assert ("unfinished", "", "no run has finished it") in why(before["quality"])
    assert ("input", "web", "is not read yet") in why(before["quality"])
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    after = stages(millrace, tmp_path)
    assert [after[s]["runs"] for s in after] == [False, False]
    assert [after[s]["rows"] for s in after] == [s["rows_written"] for s in run["stages"]]
    assert [after[s]["splits_to_do"] for s in after] == [0, 0]
    assert "nothing to do" in millrace.ok("plan", "pipeline.yaml", cwd=tmp_path).out


def test_a_stopped_run_counts(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    import os

    for path in tmp_path.glob("in/*"):  # hashes of files that changed just now are not kept
        os.utime(path, (1_700_000_000, 1_700_000_000))
    millrace.ok("run", "pipeline.yaml", "--until", "quality", cwd=tmp_path)
    plan = stages(millrace, tmp_path)
    assert not plan["quality"]["runs"]
    assert why(plan["final"]) == [("unfinished", "", "no run has finished it")]


def test_operators(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    one = QUALITY.replace("< 6", "< 5").replace(
        '      - {id: up, type: derive, column: text, expr: "upper(text)"}\n',
        '      - {id: low, type: derive, column: text, expr: "lower(text)"}\n',
    )
    (tmp_path / "pipeline.yaml").write_text(config(one + FINAL))
    plan = stages(millrace, tmp_path)
    assert why(plan["quality"]) == [
        (
            "config",
            "",
            "the operator `long` changed, the operator `low` is new, the operator `up` is gone",
        )
    ]
    assert plan["quality"]["splits_to_do"] == 4
    assert why(plan["final"]) == [("input", "quality", "runs again")]
    assert plan["final"]["splits_to_do"] is None
    output = QUALITY + "    output: {rows_per_shard: 10}\n"
    (tmp_path / "pipeline.yaml").write_text(config(output + FINAL))
    assert why(stages(millrace, tmp_path)["quality"]) == [("config", "", "its `output` changed")]
    (tmp_path / "pipeline.yaml").write_text("seed: 8\n" + config())
    plan = stages(millrace, tmp_path)
    assert ("config", "", "the `seed` changed") in why(plan["quality"])


def test_going_back_finds_what_is_there(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config(QUALITY.replace("< 6", "< 5") + FINAL))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config())
    plan = stages(millrace, tmp_path)
    assert not plan["quality"]["runs"]


def test_a_new_stage(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "pipeline.yaml").write_text(
        config(QUALITY, exports="  train: {type: parquet, path: out/train}\n")
    )
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config())
    plan = stages(millrace, tmp_path)
    assert not plan["quality"]["runs"]
    assert why(plan["final"]) == [("new", "", "it is new")]


def test_files(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "in/web-2.jsonl").write_text(lines("web", 300, 5))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "in/web-2.jsonl").unlink()
    (tmp_path / "in/web-3.jsonl").write_text(lines("web", 400, 5))
    (tmp_path / "in/web-4.jsonl").write_text(lines("web", 500, 5))
    (tmp_path / "in/code-1.jsonl").write_text(lines("code", 1000, 59))
    plan = stages(millrace, tmp_path)
    assert why(plan["quality"]) == [
        ("input", "web", "2 files added, 1 file removed"),
        ("input", "code", "1 file changed"),
    ]
    assert why(plan["final"]) == [("input", "quality", "runs again")]
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert not stages(millrace, tmp_path)["quality"]["runs"]


def test_unique_ties_sources_together(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    text = config().replace("id: {type: int64, required: true}", "id: {type: int64, unique: true}")
    (tmp_path / "pipeline.yaml").write_text(text)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "in/code-2.jsonl").write_text(lines("code", 0, 5))
    reasons = why(stages(millrace, tmp_path)["quality"])
    assert ("input", "code", "1 file added") in reasons
    assert {r[1] for r in reasons} == {"web", "code", "mail", "news"}


def test_estimates_of_exports(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    plan = millrace.ok("plan", "pipeline.yaml", "--json", cwd=tmp_path).json()
    exports = {e["name"]: e for e in plan["exports"]}
    assert (exports["train"]["stage"], exports["early"]["stage"]) == ("final", "quality")
    assert all(e["before_stages"] for e in exports.values())
    assert exports["train"]["rows_estimate"] == 240
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    plan = millrace.ok("plan", "pipeline.yaml", "--json", cwd=tmp_path).json()
    for export, written in zip(plan["exports"], run["exports"], strict=True):
        assert not export["before_stages"]
        assert export["rows_estimate"] == written["rows"]
