"""`millrace rethreshold`: other thresholds from what a stage has stored, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, without_cards
from stages.staged import FINAL, config, make

QUALITY = """\
  - name: quality
    operators:
      - {id: short, type: where, expr: "length(text) > 3", rejects: keys}
      - {id: stats, type: text_stats, field: text}
      - {id: keep, type: threshold, field: stats.words, min: 3, action: tag}
      - {id: lower, type: derive, column: lang, expr: "lower(lang)"}
      - {id: even, type: where, expr: "id % 2 = 0", action: tag}
"""
TRAIN = "  train: {type: parquet, path: out/train, overwrite: true}\n"


def stages(quality: str = QUALITY) -> str:
    return config(quality + FINAL, exports=TRAIN)


def prepared(folder: Path, text: str) -> Path:
    make(folder)
    (folder / "pipeline.yaml").write_text(text)
    return folder


def of_stages(folder: Path) -> dict[str, str]:
    """What stages left and what was published; cards and pointers tell of the release before."""
    files = without_cards(fingerprint(folder))
    return {name: digest for name, digest in files.items() if not name.endswith("LATEST.json")}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_it_is_what_a_fresh_run_gives(millrace: Millrace, tmp_path: Path, threads: str) -> None:
    folder = prepared(tmp_path / "moved", stages())
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    told = millrace.ok(
        *("rethreshold", "pipeline.yaml", "quality", "--set", "keep.min=5"),
        *("--set", "even.expr=id % 3 = 0", "--threads", threads, "--json"),
        cwd=folder,
    ).json()
    assert told["splits_taken_over"] == 4
    changed = stages(QUALITY.replace("min: 3", "min: 5").replace("id % 2", "id % 3"))
    fresh = prepared(tmp_path / "fresh", changed)
    wanted = millrace.ok("run", "pipeline.yaml", "--json", cwd=fresh).json()
    assert told["run_id"] == wanted["run_id"]
    quality = [stage for stage in told["stages"] if stage["name"] == "quality"]
    assert quality == [stage for stage in wanted["stages"] if stage["name"] == "quality"]
    assert of_stages(fresh).items() <= of_stages(folder).items()
    # With the config changed as told, there is nothing left to do.
    (folder / "pipeline.yaml").write_text(changed)
    again = millrace.ok("run", "pipeline.yaml", "--json", cwd=folder).json()
    assert again["splits_skipped"] == again["splits_total"]
    assert again["run_id"] == told["run_id"]


def test_nothing_is_measured_again(millrace: Millrace, tmp_path: Path) -> None:
    folder = prepared(tmp_path, stages())
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    told = millrace.ok("rethreshold", "pipeline.yaml", "quality", "--set", "keep.min=6", cwd=folder)
    assert "4 splits made of what was stored" in told.err
    logs = sorted(folder.glob("workspace/runs/*/attempts/1.jsonl"), key=lambda p: p.stat().st_mtime)
    events = [json.loads(line) for line in logs[-1].read_text().splitlines()]
    of_quality = [e["event"] for e in events if e.get("stage") == "quality" and "split" in e]
    assert of_quality.count("split_taken_over") == 4
    verified = millrace("verify", "workspace", cwd=folder)
    assert verified.code == 0, verified.err


def test_rows_that_left_behind_the_filter_are_worked_on_anew(
    millrace: Millrace, tmp_path: Path
) -> None:
    """What was dropped later is not stored: the splits concerned run as always, to the same end."""
    drops = QUALITY + '      - {id: odd, type: where, expr: "id % 7 > 0"}\n'
    folder = prepared(tmp_path / "moved", stages(drops))
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    told = millrace.ok(
        "rethreshold", "pipeline.yaml", "quality", "--set", "keep.min=5", "--json", cwd=folder
    ).json()
    assert "splits_taken_over" not in told
    fresh = prepared(tmp_path / "fresh", stages(drops.replace("min: 3", "min: 5")))
    millrace.ok("run", "pipeline.yaml", cwd=fresh)
    assert of_stages(fresh).items() <= of_stages(folder).items()


def test_what_cannot_be_done_is_said(millrace: Millrace, tmp_path: Path) -> None:
    folder = prepared(tmp_path, stages())

    def refused(*sets: str, stage: str = "quality", code: int = 2) -> str:
        told = [word for one in sets for word in ("--set", one)]
        outcome = millrace("rethreshold", "pipeline.yaml", stage, *told, cwd=folder)
        assert outcome.code == code, outcome.err
        return outcome.err

    assert "MR1601: stage `ingest` is not committed" in refused("keep.min=5", code=1)
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    assert "did you mean `quality`?" in refused("keep.min=5", stage="qualty")
    assert "no threshold is given" in refused()
    assert "did you mean `keep`?" in refused("kep.min=5")
    assert "`keep.id` is no parameter" in refused("keep.id=5")
    assert "nothing changed" in refused("keep.min=3")
    assert "`short` is no filter with `action: tag`" in refused("short.expr=length(text) > 4")
    assert "`keep` is no filter with `action: tag`" in refused("keep.action=drop")
    wrong = refused("keep.min=many", code=1)
    assert "pipeline.yaml:" in wrong and "MR1201" in wrong
    unknown = refused("keep.minn=4", code=1)
    assert "did you mean `min`?" in unknown


def test_through_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    millrace = pytest.importorskip("millrace")
    folder = prepared(tmp_path, stages())
    monkeypatch.chdir(folder)
    before = millrace.run("pipeline.yaml").stage("quality")
    after = millrace.rethreshold("pipeline.yaml", "quality", {"keep.min": 7}).stage("quality")
    tagged = [{op.id: op.tagged for op in stage.operators}["keep"] for stage in (before, after)]
    assert 0 < tagged[0] < tagged[1]
