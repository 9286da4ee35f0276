"""Golden pipelines: a config and its inputs, and as text everything a run makes of them.

A case is a folder tests/cases/<nnnn_name>/ with pipeline.yaml, inputs and what is expected:
  cmd        optional: what to do, one command a line; default `millrace run pipeline.yaml`.
             Besides millrace there are cp, rm and mkdir.
  expected/  transcript.txt (every command with its output and exit code), <export>.jsonl (the
             rows of the release that LATEST.json names), rejects.jsonl, report.json (of the last
             run)
`pytest tests/cases --accept` writes what the cases give as what they expect; look at the diff.
"""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from cases import rendering
from command import Millrace

CASES = Path(__file__).resolve().parent
NAMES = sorted(path.name for path in CASES.iterdir() if path.name[:4].isdigit())


def do(millrace: Millrace, folder: Path, line: str) -> str:
    """Runs one line of a case's cmd; the result is its part of the transcript."""
    command, *args = shlex.split(line)
    if command == "cp":
        shutil.copy(folder / args[0], folder / args[1])
    elif command == "rm":
        (folder / args[0]).unlink()
    elif command == "mkdir":
        (folder / args[0]).mkdir(parents=True)
    elif command == "millrace":
        outcome = millrace(*args, cwd=folder)
        text = rendering.transcript(outcome.out + outcome.err, folder)
        return f"$ {line}\n{text}[exit {outcome.code}]\n\n"
    else:
        raise ValueError(f"a case cannot do `{command}`")
    return f"$ {line}\n\n"


def releases(folder: Path) -> dict[str, str]:
    found = {}
    for latest in sorted(folder.rglob("LATEST.json")):
        release = latest.parent / json.loads(latest.read_text())["release_id"]
        found[f"{latest.parent.name}.jsonl"] = rendering.rows_of_release(release)
    return found


def last_report(workspace: Path) -> str:
    reports = sorted(workspace.glob("runs/*/report.json"), key=lambda path: path.stat().st_mtime_ns)
    return reports[-1].read_text() if reports else ""


def play(millrace: Millrace, case: Path, folder: Path) -> dict[str, str]:
    """Plays a case in `folder`; the result is its expected files."""
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected", "cmd"))
    cmd = case / "cmd"
    lines = cmd.read_text().splitlines() if cmd.exists() else ["millrace run pipeline.yaml"]
    got = {"transcript.txt": "".join(do(millrace, folder, line) for line in lines if line)}
    got.update(releases(folder))
    workspace = folder / "workspace"
    report = last_report(workspace)
    got["rejects.jsonl"] = rendering.rejects(workspace, json.loads(report) if report else None)
    got["report.json"] = rendering.report(report)
    return {name: text for name, text in got.items() if text}


@pytest.mark.parametrize("name", NAMES)
def test_case(
    millrace: Millrace, tmp_path: Path, request: pytest.FixtureRequest, name: str
) -> None:
    got = play(millrace, CASES / name, tmp_path / name)
    expected = CASES / name / "expected"
    if request.config.getoption("--accept", default=False):
        shutil.rmtree(expected, ignore_errors=True)
        expected.mkdir()
        for file, text in got.items():
            (expected / file).write_text(text)
        return
    want = {path.name: path.read_text() for path in sorted(expected.iterdir())}
    assert sorted(got) == sorted(want)
    for file, text in want.items():
        assert got[file].splitlines() == text.splitlines(), f"{name}/expected/{file}"
