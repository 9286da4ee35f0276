"""Writes docs/notebooks/: each guide about Python as a notebook, with what its cells gave.

    .venv/bin/python tools/notebooks.py [name...]     runs and writes them, with build/python
    .venv/bin/python tools/notebooks.py --check       are their cells those of the guides?

The guide is the one text. Its prose, and blocks in other languages, are Markdown cells; a block of
`python` is a cell, one with a file's name writes that file. What is worth a look stands in the
guide as a comment, which nobody sees on its page:

    <!-- notebook: pipeline.last_run -->

A kernel of its own runs the cells from top to bottom in an empty folder. What it says on stderr
(progress, logs) is left out, and so are times and versions: a notebook changes with what it shows.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs" / "guides"
NOTEBOOKS = ROOT / "docs" / "notebooks"
NAMES = ("python", "custom_operators", "distributed")
CELL_SECONDS = 300

_PART = re.compile(
    r"^```python(?: (?P<file>\S+))?\n(?P<code>.*?)^```$"
    r"|^<!-- notebook:?\s(?P<shown>.*?)\s*-->$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\]\((?!\w+:|#|/)([\w./-]+)((?:#[\w-]+)?)\)")


def _link(match: re.Match[str]) -> str:
    """Of a guide, as seen from the folder of notebooks, which is its neighbour."""
    path, anchor = match[1], match[2]
    if not path.startswith("../"):
        name = path.removesuffix(".md")
        path = f"{name}.ipynb" if name in NAMES else f"../guides/{path}"
    return f"]({path}{anchor})"


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Type and source of each cell."""
    at = 0
    for part in _PART.finditer(text):
        yield "markdown", text[at : part.start()]
        at = part.end()
        if part["shown"] is not None:
            yield "code", part["shown"]
        else:
            yield "code", (f"%%writefile {part['file']}\n" if part["file"] else "") + part["code"]
    yield "markdown", text[at:]


def notebook_of(name: str) -> dict[str, Any]:
    """The guide as a notebook that was not run."""
    title, _, text = (GUIDES / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    note = f"*[The guide](../guides/{name}.md), run from top to bottom.*"
    cells: list[dict[str, Any]] = []
    for type_, source in _parts(f"{title}\n\n{note}\n{text}"):
        source = source.strip()
        if not source:
            continue
        cell: dict[str, Any] = {"cell_type": type_, "id": f"cell-{len(cells):02}", "metadata": {}}
        if type_ == "code":
            cell.update(execution_count=None, outputs=[])
        else:
            source = _LINK.sub(_link, source)
        cells.append({**cell, "source": source.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def executed(notebook: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> Any:
    """The notebook with what its cells gave, run in the folder."""
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    # Sockets and a file that tell how to reach the kernel: beside the folder.
    kernel = AsyncKernelManager(
        kernel_name="python3",
        transport="ipc",
        ip=str(folder.with_name("kernel")),
        connection_file=str(folder.with_name("kernel.json")),
    )
    told: Any = nbformat.reads(json.dumps(notebook), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        told,
        km=kernel,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
    )
    client.execute(env={**os.environ, **environment})
    cells = [
        {**given, "execution_count": ran["execution_count"], "outputs": _settled(ran["outputs"])}
        if given["cell_type"] == "code"
        else given
        for given, ran in zip(notebook["cells"], told["cells"], strict=True)
    ]
    return {**notebook, "cells": cells}


def _settled(outputs: list[Any]) -> list[dict[str, Any]]:
    """Without what the next run may say otherwise: stderr, and where texts were cut."""
    settled: list[dict[str, Any]] = []
    for output in json.loads(json.dumps(outputs)):
        if output["output_type"] != "stream":
            data = {type_: _lines(text) for type_, text in output["data"].items()}
            settled.append({**output, "data": data, "metadata": {}})
        elif output["name"] == "stdout":
            text = output["text"]
            if settled and settled[-1]["output_type"] == "stream":
                text = "".join(settled.pop()["text"]) + text
            settled.append({**output, "text": _lines(text)})
    return settled


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def as_text(notebook: Mapping[str, Any]) -> str:
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def stored(name: str) -> Any:
    return json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))


def without_outputs(notebook: Mapping[str, Any]) -> dict[str, Any]:
    cells = [
        {**cell, "execution_count": None, "outputs": []} if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells}


def difference(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Empty where both are one."""
    before, after = (as_text(one).splitlines(keepends=True) for one in (found, wanted))
    file = f"docs/notebooks/{name}.ipynb"
    return "".join(difflib.unified_diff(before, after, file, "as it should be"))


def ran(name: str, package: Path, **environment: str) -> Any:
    """The guide's notebook, run with the package in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="millrace-notebook-") as folder:
        own = {"IPYTHONDIR": folder}
        quiet = {
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "DAFT_PROGRESS_BAR": "0",
        }
        found = {"PYTHONPATH": str(package.resolve())}
        work = Path(folder, "work")
        work.mkdir()
        return executed(notebook_of(name), work, {**own, **quiet, **found, **environment})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="look at the cells alone, run nothing")
    parser.add_argument(
        "--package", type=Path, default=ROOT / "build" / "python", help="the folder with millrace"
    )
    parser.add_argument("names", nargs="*", default=NAMES, help="some of them: " + ", ".join(NAMES))
    options = parser.parse_args()
    stale = False
    for name in options.names:
        if options.check:
            told = difference(name, notebook_of(name), without_outputs(stored(name)))
            sys.stdout.write(told)
            stale |= bool(told)
        else:
            NOTEBOOKS.mkdir(exist_ok=True)
            text = as_text(ran(name, options.package))
            (NOTEBOOKS / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
