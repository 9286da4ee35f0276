"""Hooks are told what happens to stages; they observe, and Ctrl-C ends them with the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, without_cards
from stages.staged import config, make

NOTE = """\
import json, os, sys
event = json.load(sys.stdin)
event["secret"] = os.environ.get("MILLRACE_TEST_SECRET")
event["given"] = os.environ.get("MILLRACE_TEST_GIVEN")
event["arguments"] = sys.argv[1:]
print("printed by a hook")
with open("events.jsonl", "a") as out:
    out.write(json.dumps(event) + "\\n")
"""
WAIT = """\
import json, os, sys, time
if json.load(sys.stdin)["stage"] == "quality" and os.path.exists("wait"):
    with open("hook.pid", "w") as out:
        out.write(str(os.getpid()))
    time.sleep(120)
"""


def command(script: str, *more: str) -> str:
    return json.dumps([sys.executable, script, *more])


def hooks(**moments: str) -> str:
    return "hooks:\n" + "".join(f"  {key}:\n    - {value}\n" for key, value in moments.items())


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_what_hooks_are_told(
    millrace: Millrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    monkeypatch.setenv("MILLRACE_TEST_SECRET", "hidden")
    monkeypatch.setenv("MILLRACE_TEST_GIVEN", "shown")
    (tmp_path / "note.py").write_text(NOTE)
    note = f"{{run: {command('note.py', 'a b', '$HOME;')}, env: MILLRACE_TEST_GIVEN}}"
    (tmp_path / "pipeline.yaml").write_text(
        config(hooks=hooks(on_stage_start=note, on_partition_end=note, on_stage_end=note))
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    outcome = millrace.ok("run", tmp_path / "pipeline.yaml", "--json", cwd=elsewhere)
    run = outcome.json()  # what a hook prints is not on stdout
    assert "printed by a hook" in outcome.err
    told = events(tmp_path)
    assert {e["secret"] for e in told} == {None}
    assert {e["given"] for e in told} == {"shown"}
    assert told[0]["arguments"] == ["a b", "$HOME;"]
    assert {e["workspace"] for e in told} == {"workspace"}
    assert {e["run"] for e in told} == {"runs/" + Path(run["run_folder"]).name}
    for stage, splits in (("ingest", 4), ("quality", 4), ("final", None)):
        own = [e for e in told if e["stage"] == stage]
        assert own[0]["event"] == "stage_start"
        assert own[-1]["event"] == "stage_end"
        parts = own[1:-1]
        assert {e["event"] for e in parts} == {"partition_end"}
        assert len(parts) == own[-1]["splits"]
        assert splits is None or len(parts) == splits
        assert len({e["split"] for e in parts}) == len(parts)
        for term, rows in own[-1]["rows"].items():
            assert sum(e["rows"][term] for e in parts) == rows
        for key in own[-1]["manifests"]:
            manifest = json.loads((tmp_path / "workspace" / key).read_text())
            assert manifest["stage"] == stage
    assert [e["stage"] for e in told if e["event"] == "stage_end"] == ["ingest", "quality", "final"]
    assert own[-1]["rows"]["written"] == run["stages"][1]["rows_written"]
    again = millrace.ok("run", tmp_path / "pipeline.yaml", cwd=elsewhere)
    assert again.code == 0
    later = events(tmp_path)[len(told) :]
    assert [e["event"] for e in later] == ["stage_start", "stage_end"] * 3
    assert all(e["splits_skipped"] == e["splits"] for e in later if e["event"] == "stage_end")


def test_partitions_of_a_shuffle_are_told_of(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "note.py").write_text(NOTE)
    shuffled = "  - {name: mixed, operators: [{id: mix, type: shuffle}]}\n"
    note = f"{{run: {command('note.py')}}}"
    (tmp_path / "pipeline.yaml").write_text(
        config(
            shuffled, hooks=hooks(on_partition_end=note), exports="  x: {type: jsonl, path: out}\n"
        )
    )
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    own = [e for e in events(tmp_path) if e["stage"] == "mixed"]
    splits = [e for e in own if not e["split"].startswith("order-")]
    partitions = [e for e in own if e["split"].startswith("order-")]
    assert len(partitions) == partitions[0]["splits"] >= 1 and len(splits) == splits[0]["splits"]
    written = run["stages"][0]["rows_written"]
    for told in (splits, partitions):
        assert sum(e["rows"]["written"] for e in told) == written
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert len([e for e in events(tmp_path) if e["stage"] == "mixed"]) == len(own)


def test_hooks_change_nothing(millrace: Millrace, tmp_path: Path) -> None:
    plain, hooked = tmp_path / "plain", tmp_path / "hooked"
    for folder in (plain, hooked):
        make(folder)
    millrace.ok("run", "pipeline.yaml", cwd=plain)
    (hooked / "note.py").write_text(NOTE)
    (hooked / "pipeline.yaml").write_text(
        config(hooks=hooks(on_partition_end=f"{{run: {command('note.py')}}}"))
    )
    millrace.ok("run", "pipeline.yaml", cwd=hooked)
    # Manifests name the config's hash: hooks are not in it.
    assert without_cards(fingerprint(plain)) == without_cards(fingerprint(hooked))


def test_one_that_fails_is_reported(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "pipeline.yaml").write_text(
        config(hooks=hooks(on_stage_end='{run: ["false"]}', on_stage_start="{run: [./not-there]}"))
    )
    outcome = millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert "the hook `false` at the end of stage `quality` ended with code 1" in outcome.err
    assert "`./not-there` at the start of stage `ingest` could not be started" in outcome.err
    log = next(tmp_path.glob("workspace/runs/*/attempts/1.jsonl")).read_text()
    assert log.count("hook_failed") == 6


def test_a_required_one_ends_the_run(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "check.py").write_text(
        "import json, os, sys\n"
        "stage = json.load(sys.stdin)['stage']\n"
        "sys.exit(3 if stage == 'quality' and not os.path.exists('mended') else 0)\n"
    )
    (tmp_path / "pipeline.yaml").write_text(
        config(hooks=hooks(on_stage_end=f"{{run: {command('check.py')}, required: true}}"))
    )
    ended = millrace("run", "pipeline.yaml", cwd=tmp_path)
    assert ended.code == 75
    assert "MR3008: the hook" in ended.err
    assert "at the end of stage `quality` ended with code 3" in ended.err
    assert not (tmp_path / "out").exists()
    status = millrace.ok("status", "workspace", "--json", cwd=tmp_path).json()["runs"][0]
    assert status["state"] == "resumable"
    assert status["stage"] == "quality"
    (tmp_path / "mended").touch()
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert told["splits_skipped"] == 8


def test_one_that_takes_too_long_is_ended(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    # What it has started goes with it.
    (tmp_path / "slow.sh").write_text("#!/bin/sh\nsleep 100 &\necho $! > child\nwait\n")
    (tmp_path / "slow.sh").chmod(0o755)
    hook = "{run: [./slow.sh], timeout_seconds: 1, required: true}"
    (tmp_path / "pipeline.yaml").write_text(config(hooks=hooks(on_stage_start=hook)))
    begun = time.monotonic()
    ended = millrace("run", "pipeline.yaml", cwd=tmp_path)
    assert ended.code == 75
    assert "took longer than 1 s" in ended.err or "took longer than 1.0 s" in ended.err
    assert time.monotonic() - begun < 60
    assert gone(int((tmp_path / "child").read_text()))


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_a_stage(
    millrace: Millrace, tmp_path: Path, number: signal.Signals
) -> None:
    make(tmp_path)
    (tmp_path / "wait.py").write_text(WAIT)
    (tmp_path / "pipeline.yaml").write_text(
        config(hooks=hooks(on_partition_end=f"{{run: {command('wait.py')}}}"))
    )
    fresh = tmp_path / "fresh"
    make(fresh)
    (fresh / "wait.py").write_text((tmp_path / "wait.py").read_text())
    (fresh / "pipeline.yaml").write_text((tmp_path / "pipeline.yaml").read_text())
    millrace.ok("run", "pipeline.yaml", cwd=fresh)
    (tmp_path / "wait").touch()
    process = subprocess.Popen(
        [str(millrace.binary), "run", "pipeline.yaml", "--threads", "1"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    log = None
    for _ in range(600):
        log = next(iter(tmp_path.glob("workspace/runs/*/attempts/1.jsonl")), None)
        if log is not None and (tmp_path / "hook.pid").exists():
            break
        time.sleep(0.1)
    time.sleep(0.3)
    status = millrace.ok("status", "workspace", "--json", cwd=tmp_path).json()
    assert status["active"]
    assert status["runs"][0]["stage"] == "quality"
    assert 1 <= status["runs"][0]["splits_done"] < status["runs"][0]["splits_total"] == 4
    hook = int((tmp_path / "hook.pid").read_text())
    assert os.path.exists(f"/proc/{hook}")
    process.send_signal(number)
    assert process.wait(timeout=60) == 130
    assert process.stderr is not None
    assert "resumes" in process.stderr.read()
    assert gone(hook)
    assert not (tmp_path / "out").exists()
    (tmp_path / "wait").unlink()
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert 5 <= told["splits_skipped"] < told["splits_total"]
    assert {k: v for k, v in fingerprint(tmp_path).items() if not k.startswith("fresh/")} == (
        fingerprint(fresh)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hooks:\n  on_stage_begin: []\n", "on_stage_end"),
        ("hooks:\n  on_stage_end:\n    - {run: []}\n", "run"),
        ("hooks:\n  on_stage_end:\n    - {required: true}\n", "`run`"),
        ("hooks:\n  on_stage_end:\n    - {run: [true], timeout_seconds: 0}\n", "timeout_seconds"),
    ],
)
def test_wrong_hooks(millrace: Millrace, tmp_path: Path, text: str, says: str) -> None:
    make(tmp_path)
    (tmp_path / "pipeline.yaml").write_text(config(hooks=text))
    wrong = millrace("validate", "pipeline.yaml", cwd=tmp_path)
    assert wrong.code == 1
    assert says in wrong.err


def test_progress_tells_of_the_stage_at_work(tmp_path: Path) -> None:
    engine = pytest.importorskip("millrace")
    make(tmp_path)
    hook = '{run: [sh, -c, "grep -q quality && sleep 1; true"]}'
    (tmp_path / "pipeline.yaml").write_text(config(hooks=hooks(on_partition_end=hook)))
    seen: list[dict[str, Any]] = []
    run = engine.run(tmp_path / "pipeline.yaml", threads=1, progress=seen.append)
    of_stage = [now for now in seen if now["phase"] == "stage quality"]
    of_stage = [now for now in of_stage if now["phase_splits_total"] > 0]  # it has planned them
    assert of_stage
    assert {now["phase_splits_total"] for now in of_stage} == {4}
    done = [now["phase_splits_done"] for now in of_stage]
    assert done == sorted(done)
    assert 1 <= max(done) <= 4
    assert 0 < max(now["phase_rows_read"] for now in of_stage) <= run.stage("quality").counts.read
