"""Golden pipelines: a config and its inputs, and as text everything a run makes of them.

A case is a folder tests/cases/<nnnn_name>/ with pipeline.yaml, inputs and what is expected:
  cmd        optional: what to do, one command a line; default `millrace run pipeline.yaml`.
             Besides millrace there are cp, rm and mkdir.
  expected/  transcript.txt (every command with its output and exit code), <export>.jsonl (the
             rows of the release that LATEST.json names), rejects.jsonl, report.json (of the last
             run)
Each case goes through every door (doors.py) and leaves the same files, byte for byte: report.json
has the hash of each. `pytest tests/cases --accept` writes what the command line gives
as what is expected; look at the diff.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from cases import rendering
from cases.doors import CommandLine, Door, Package
from command import Millrace

CASES = Path(__file__).resolve().parent
NAMES = sorted(path.name for path in CASES.iterdir() if path.name[:4].isdigit())


def do(door: Door, folder: Path, line: str) -> str:
    """Does one line of a case's cmd; the result is its part of the transcript."""
    command, *args = shlex.split(line)
    if command == "cp":
        shutil.copy(folder / args[0], folder / args[1])
    elif command == "rm":
        (folder / args[0]).unlink()
    elif command == "mkdir":
        (folder / args[0]).mkdir(parents=True)
    elif command == "millrace":
        return f"$ {line}\n{door(args, folder)}\n\n"
    else:
        raise ValueError(f"a case cannot do `{command}`")
    return f"$ {line}\n\n"


def expected_transcript(door: Door, text: str) -> str:
    """What of a transcript a door is held to."""
    out = []
    for part in re.split(r"^(?=\$ )", text, flags=re.MULTILINE):
        line, _, body = part.partition("\n")
        if line.startswith("$ millrace"):
            body = door.expects(shlex.split(line)[2:], body.strip("\n")) + "\n\n"
        out.append(f"{line}\n{body}" if part else "")
    return "".join(out)


def releases(folder: Path) -> dict[str, str]:
    found = {}
    for latest in sorted(folder.rglob("LATEST.json")):
        release = latest.parent / json.loads(latest.read_text())["release_id"]
        found[f"{latest.parent.name}.jsonl"] = rendering.rows_of_release(release)
    return found


def last_report(workspace: Path) -> str:
    reports = sorted(workspace.glob("runs/*/report.json"), key=lambda path: path.stat().st_mtime_ns)
    return reports[-1].read_text() if reports else ""


def play(door: Door, case: Path, folder: Path) -> dict[str, str]:
    """Plays a case in `folder`; the result is its expected files."""
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected", "cmd"))
    cmd = case / "cmd"
    lines = cmd.read_text().splitlines() if cmd.exists() else ["millrace run pipeline.yaml"]
    got = {"transcript.txt": "".join(do(door, folder, line) for line in lines if line)}
    got.update(releases(folder))
    workspace = folder / "workspace"
    report = last_report(workspace)
    got["rejects.jsonl"] = rendering.rejects(workspace, json.loads(report) if report else None)
    got["report.json"] = rendering.report(report)
    return {name: text for name, text in got.items() if text}


@pytest.fixture(params=["command", "python"])
def door(millrace: Millrace, request: pytest.FixtureRequest) -> Door:
    command_line = CommandLine(millrace)
    return command_line if request.param == "command" else Package(command_line)


@pytest.mark.parametrize("name", NAMES)
def test_case(door: Door, tmp_path: Path, request: pytest.FixtureRequest, name: str) -> None:
    got = play(door, CASES / name, tmp_path / name)
    expected = CASES / name / "expected"
    if request.config.getoption("--accept", default=False) and isinstance(door, CommandLine):
        shutil.rmtree(expected, ignore_errors=True)
        expected.mkdir()
        for file, text in got.items():
            (expected / file).write_text(text)
        return
    want = {path.name: path.read_text() for path in sorted(expected.iterdir())}
    want["transcript.txt"] = expected_transcript(door, want["transcript.txt"])
    assert sorted(got) == sorted(want)
    for file, text in want.items():
        assert got[file].splitlines() == text.splitlines(), f"{name}/expected/{file}"
