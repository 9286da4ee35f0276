"""docs/casting.md shows the table that the engine's tests execute."""

import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/casting_docs.py"


def test_the_page_is_fresh() -> None:
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_changed_table_makes_the_page_stale() -> None:
    tool = runpy.run_path(str(TOOL))
    source = tool["TABLE"].read_text(encoding="utf-8")
    page = tool["PAGE"].read_text(encoding="utf-8")
    assert tool["render"](page, source) == page
    assert tool["render"](page, source.replace("leading_zero", "malformed", 1)) != page
