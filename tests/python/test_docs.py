"""The pages about Python run as they stand; three guides do so as notebooks (test_notebooks.py)."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from command import ROOT

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "blocks"), [("docs/python.md", 4), ("docs/guides/integrations.md", 5)]
)
def test_every_block_runs(
    page: str, blocks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    monkeypatch.setitem(sys.modules, "page", types.ModuleType("page"))
    ran = 0
    for language, file, text in BLOCK.findall((ROOT / page).read_text()):
        if file:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text(text)
        elif language == "python":
            exec(compile(text, page, "exec"), names)
            ran += 1
    assert ran == blocks


def test_first_lines_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    text = next(t for _, _, t in BLOCK.findall((ROOT / "README.md").read_text()) if "ops." in t)
    exec(compile(text, "README.md", "exec"), names)
    assert names["kept"].to_dict() == {"text": ["one two three"]}  # type: ignore[attr-defined]
    assert names["why"]["rule"][:] == ["where.false"]  # type: ignore[index]
