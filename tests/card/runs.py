"""Runs whose cards are looked at: the example, and data that means harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from command import Millrace

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "release_card"

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202eevil\u202c\u0007"
)


def card_of(folder: Path, export: str = "out/corpus") -> Path:
    """The card beside the latest release of an export."""
    target = folder / export
    latest = json.loads((target / "LATEST.json").read_text())["release_id"]
    return target / f"{latest}.card" / "report.html"


def last_card(folder: Path) -> Path:
    """The card of the last run, published or not."""
    cards = (folder / "workspace").glob("runs/*/report.html")
    return max(cards, key=lambda path: path.stat().st_mtime_ns)


def example(millrace: Millrace, folder: Path) -> Path:
    """The example, run twice: the second time with one more file. Its card."""
    shutil.copytree(
        EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("out", "workspace")
    )
    late = folder / "late.jsonl"
    shutil.move(folder / "data" / "forum.jsonl", late)
    config = folder / "pipeline.yaml"
    whole = config.read_text()
    config.write_text("".join(x for x in whole.splitlines(True) if "forum" not in x))
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    shutil.move(late, folder / "data" / "forum.jsonl")
    config.write_text(whole)
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    return card_of(folder)


def write(folder: Path, rows: list[dict[str, object]], contract: str = "", more: str = "") -> None:
    """A pipeline over rows of JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "pipeline.yaml").write_text(
        "version: 1\nname: card\nsources: {s: {type: jsonl, path: a.jsonl}}\n"
        f"exports: {{corpus: {{type: jsonl, path: out/corpus}}}}\n{contract}{more}"
    )


def hostile(millrace: Millrace, folder: Path) -> Path:
    """Names and values that try to be markup, to reorder text, or to be too long."""
    long = "x" * (1 << 20)
    nested: object = HOSTILE
    for _ in range(12):
        nested = {"a": nested}
    rows: list[dict[str, object]] = [
        {"text": HOSTILE, HOSTILE: long, "deep": nested, "n": 1},
        {"text": long, HOSTILE: HOSTILE, "deep": nested, "n": 2},
        {"text": "", HOSTILE: None, "deep": None, "n": "\u202e7"},
    ]
    contract = f"""\
contract:
  columns:
    text: {{type: string}}
    {json.dumps(HOSTILE)}: {{type: string}}
    deep: {{type: json}}
    n: {{type: int32}}
model_contract: model.yaml
"""
    write(folder, rows, contract)
    name, value = json.dumps(HOSTILE.replace(chr(7), "")), json.dumps(HOSTILE)
    (folder / "model.yaml").write_text(f"""\
version: 1
model: {name}
composition: [{value}]
requirements:
  A-1: {{statement: {name}, type: values, column: text, allowed: [{value}]}}
""")
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    return card_of(folder)
