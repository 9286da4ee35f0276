"""`run --until STAGE` stops and is gone on with; `run --from STAGE` builds on what is committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import fingerprint
from stages.staged import FINAL, QUALITY, config, lines, make


def run_states(millrace: Millrace, folder: Path) -> list[tuple[str, int]]:
    runs = millrace.ok("status", "workspace", "--json", cwd=folder).json()["runs"]
    return [(run["state"], run["attempts"]) for run in runs]


def test_a_run_that_stops_is_gone_on_with(millrace: Millrace, tmp_path: Path) -> None:
    fresh, folder = tmp_path / "fresh", tmp_path / "stopped"
    make(fresh)
    millrace.ok("run", "pipeline.yaml", cwd=fresh)
    make(folder)
    for stage in ("ingest", "quality", "final"):
        told = millrace.ok("run", "pipeline.yaml", "--until", stage, "--json", cwd=folder).json()
        assert told["until"] == stage
        assert told["report_json"] is None
        assert told["exports"] == []
        done = [s["name"] for s in told.get("stages", [])]
        assert done == ["quality", "final"][: ("ingest", "quality", "final").index(stage)]
        assert not (folder / "out").exists()
        assert not list(folder.glob("workspace/runs/*/report.json"))
    assert run_states(millrace, folder) == [("stopped", 3)]
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=folder).json()
    assert told["splits_skipped"] == told["splits_total"]
    assert run_states(millrace, folder) == [("complete", 4)]
    assert not list(folder.glob("workspace/runs/*/stopped.json"))
    assert fingerprint(folder) == fingerprint(fresh)


def test_what_it_says_when_it_stops(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    told = millrace.ok("run", "pipeline.yaml", "--until", "quality", cwd=tmp_path)
    assert "after quality, as told: nothing was exported" in told.out
    assert "goes on" in told.err
    assert "Stage final" not in told.out


def test_from_reads_no_input(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config(QUALITY + FINAL.replace("400", "7")))
    told = millrace.ok("run", "pipeline.yaml", "--from", "final", "--json", cwd=tmp_path).json()
    assert told["exports"][0]["rows"] == 7
    log = max(tmp_path.glob("workspace/runs/*/attempts/1.jsonl"), key=lambda p: p.stat().st_mtime)
    events = log.read_text()
    assert '"stage":"final"' in events.replace(" ", "")
    started = [line for line in events.splitlines() if "stage_started" in line]
    assert len(started) == 1 and "final" in started[0]
    fresh = tmp_path / "fresh"
    make(fresh)
    (fresh / "pipeline.yaml").write_text((tmp_path / "pipeline.yaml").read_text())
    millrace.ok("run", "pipeline.yaml", cwd=fresh)
    released = {
        k: v
        for k, v in fingerprint(fresh).items()
        if k.startswith("out/train/") and k.endswith(".parquet")
    }
    assert released
    assert released.items() <= fingerprint(tmp_path).items()


def test_from_needs_what_comes_before(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    nothing = millrace("run", "pipeline.yaml", "--from", "quality", cwd=tmp_path)
    assert nothing.code == 1
    assert "MR1601: stage `ingest` is not committed" in nothing.err
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "in/mail-1.jsonl").write_text(lines("mail", 0, 61))
    changed = millrace("run", "pipeline.yaml", "--from", "quality", cwd=tmp_path)
    assert changed.code != 0
    assert "mail-1.jsonl" in changed.err
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config(QUALITY.replace("< 6", "< 5") + FINAL))
    operators = millrace("run", "pipeline.yaml", "--from", "final", cwd=tmp_path)
    assert operators.code == 1
    assert "MR1601: stage `quality` is not committed" in operators.err
    millrace.ok("run", "pipeline.yaml", "--from", "quality", cwd=tmp_path)
    removed = next(tmp_path.glob("workspace/stages/quality/*/data/*.parquet"))
    for path in tmp_path.glob("workspace/stages/quality/*/data/*.parquet"):
        removed = path
        path.unlink()
    damaged = millrace("run", "pipeline.yaml", "--from", "final", cwd=tmp_path)
    assert damaged.code != 0, removed
    assert "stage `quality` is not committed" in damaged.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--until", "qualty"], "did you mean `quality`"),
        (["--from", "none"], "`ingest`, `quality`, `final`"),
        (["--from", "final", "--until", "quality"], "comes before"),
        (["--from", "final", "--refetch"], "reads no source"),
    ],
)
def test_wrong_choices(millrace: Millrace, tmp_path: Path, arguments: list[str], says: str) -> None:
    make(tmp_path)
    wrong = millrace("run", "pipeline.yaml", *arguments, cwd=tmp_path)
    assert wrong.code == 2
    assert says in wrong.err
    assert not (tmp_path / "workspace").exists()


def test_python(tmp_path: Path) -> None:
    millrace = pytest.importorskip("millrace")
    make(tmp_path)
    run = millrace.run(tmp_path / "pipeline.yaml", until="quality")
    assert run.outcome == "stopped"
    assert run.report_html is None
    assert run.stages == ("quality",)
    assert run.exports == {}
    stage = run.stage("quality")
    rows = stage.to_arrow().read_all()
    assert rows.num_rows == stage.counts.written > 0
    assert "text" in rows.column_names
    rejects = stage.rejects_to_arrow().read_all().to_pylist()
    assert len(rejects) == stage.counts.rejected > 0
    assert {r["instance"] for r in rejects} == {"keep"}
    assert [o.id for o in stage.operators] == ["stats", "keep", "long", "up"]
    with pytest.raises(KeyError, match="quality"):
        run.stage("final")
    assert millrace.open_run(run.folder).stage("quality").counts == stage.counts
    done = millrace.run(tmp_path / "pipeline.yaml", from_="final")
    assert done.outcome == "done"
    assert done.stages == ("quality", "final")
    assert done.folder == run.folder
    final = done.stage("final")
    assert final.to_arrow().read_all().num_rows == final.counts.written
    assert done.rejects_to_arrow().read_all().num_rows == done.counts.rejected
    opened = millrace.open_run(tmp_path / "workspace")
    assert opened.stage("final").rejects_to_arrow().read_all().num_rows == (
        final.counts.rejected + final.counts.not_drawn
    )
