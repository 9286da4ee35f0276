"""The pages about Python run as they stand; the guides do so as notebooks (test_notebooks.py)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import ROOT

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    ran = 0
    for language, file, text in BLOCK.findall((ROOT / "docs/python.md").read_text()):
        if file:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text(text)
        elif language == "python":
            exec(compile(text, "docs/python.md", "exec"), names)
            ran += 1
    assert ran == 4


def test_first_lines_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    text = next(t for _, _, t in BLOCK.findall((ROOT / "README.md").read_text()) if "ops." in t)
    exec(compile(text, "README.md", "exec"), names)
    assert names["kept"].to_dict() == {"text": ["one two three"]}  # type: ignore[attr-defined]
    assert names["why"]["rule"][:] == ["where.false"]  # type: ignore[index]
