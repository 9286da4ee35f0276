"""A pipeline with two stages behind ingest, over small inputs that a test may change."""

from __future__ import annotations

import json
from pathlib import Path

QUALITY = """\
  - name: quality
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: keep, type: where, expr: "lang = 'en' and stats.words >= 3"}
      - {id: long, type: where, expr: "stats.words < 6", action: tag}
      - {id: up, type: derive, column: text, expr: "upper(text)"}
"""
FINAL = """\
  - name: final
    operators:
      - {id: key, type: derive, column: key, expr: "lang || '-' || text(id)"}
      - {id: same, type: exact_dedup, fields: [text]}
      - {id: top, type: limit, rows: 400}
"""
SOURCES = ("web", "code", "mail", "news")


def config(stages: str = QUALITY + FINAL, hooks: str = "", exports: str | None = None) -> str:
    sources = "".join(f'  {name}: {{type: jsonl, path: "in/{name}-*.jsonl"}}\n' for name in SOURCES)
    told = exports or (
        "  train: {type: parquet, path: out/train, overwrite: true}\n"
        "  early: {type: jsonl, from: quality, path: out/early, overwrite: true}\n"
    )
    return (
        "version: 1\nname: curate\nworkspace: ./workspace\n"
        "limits: {threads: 2, memory: 256MiB}\n"
        f"sources:\n{sources}"
        "contract:\n  columns:\n    id: {type: int64, required: true}\n    lang: {type: string}\n"
        "    text: {type: string, required: true}\n    mail: {type: string, sensitive: true}\n"
        f"stages:\n{stages}exports:\n{told}{hooks}"
    )


def lines(source: str, first: int, rows: int) -> str:
    out = []
    for number in range(first, first + rows):
        words = " ".join(f"w{(number + k) % 7}" for k in range(number % 9))
        row = {
            "id": number,
            "lang": "de" if number % 5 == 0 else "en",
            "text": words if number % 3 else f"{words} {source} {number}",
            "mail": f"canary{number}@example.org",
        }
        out.append(json.dumps(row))
    return "\n".join(out) + "\n"


def make(folder: Path, rows: int = 60) -> None:
    (folder / "in").mkdir(parents=True)
    for at, source in enumerate(SOURCES):
        (folder / "in" / f"{source}-1.jsonl").write_text(lines(source, at * 1000, rows))
    (folder / "pipeline.yaml").write_text(config())
