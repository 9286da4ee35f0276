"""The guides as notebooks, run anew beside what is stored of them."""

from __future__ import annotations

from typing import Any

from command import BUILT_PACKAGE, ROOT, tool

notebooks = tool("notebooks")


def check(name: str, **environment: str) -> Any:
    """The notebook, whose cells gave what they gave when it was stored."""
    ran = notebooks.ran(name, BUILT_PACKAGE, **environment)
    text = (ROOT / "docs" / "guides" / f"{name}.md").read_text()
    code = [cell for cell in ran["cells"] if cell["cell_type"] == "code"]
    assert len(code) > text.count("\n```python") > 0
    told = notebooks.difference(name, ran, notebooks.stored(name))
    assert not told, f"{told}\ntools/notebooks.py writes docs/notebooks anew"
    return ran
