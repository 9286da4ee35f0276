"""docs/python.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import ROOT

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    ran = 0
    for language, file, text in BLOCK.findall((ROOT / "docs/python.md").read_text()):
        if file:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text(text)
        elif language == "python":
            exec(compile(text, "docs/python.md", "exec"), names)
            ran += 1
    assert ran == 4
