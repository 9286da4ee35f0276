"""The guide about clusters runs as it stands, on the cluster of the tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from command import ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_runs(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall((ROOT / "docs/guides/distributed.md").read_text())
    python = [text for language, text in blocks if language == "python"]
    assert len(python) == 4
    for text in python:
        exec(compile(text, "distributed.md", "exec"), names)
