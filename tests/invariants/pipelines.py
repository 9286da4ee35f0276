"""A pipeline that uses everything ingest has, over seeded data small enough to run often."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
from pathlib import Path

CONFIG = """\
version: 1
name: invariants
workspace: ./workspace
seed: 7
limits: {memory: 512MiB, threads: 2}
sources:
  tickets: {type: csv, path: "data/tickets-*.csv*"}
  kb: {type: jsonl, path: data/kb/}
contract:
  version: 3
  unknown_columns: drop
  columns:
    id: {type: string, required: true, unique: true, from: {tickets: ticket_id, kb: doc.id}}
    text: {type: string, required: true, length: {min: 20}, from: {tickets: body, kb: doc.text}}
    created: {type: "timestamp[us, UTC]", format: "%d/%m/%Y %H:%M", from: {tickets: opened}}
    amount: {type: "decimal(12,2)", from: {kb: doc.amount}}
    email: {type: string, sensitive: true, on_error: set_null, from: {tickets: mail}}
stages:
  - name: quality
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: wordy, type: where, expr: "stats.words >= 5", rejects: keys}
      - {id: cheap, type: where, expr: "amount < 5000.00", action: tag}
      - {id: cents, type: derive, column: cents, expr: "text(amount)"}
  - name: unique
    operators:
      - {id: same, type: exact_dedup, fields: [text]}
      - {id: first, type: limit, rows: 5000}
      - {id: mix, type: shuffle}
exports:
  drop: {type: parquet, from: quality, path: out/corpus, rows_per_shard: 1000, overwrite: true}
  lines: {type: jsonl, path: out/lines, compression: zstd, overwrite: true}
"""


def _ticket(rng: random.Random, number: int) -> list[str]:
    words = " ".join(rng.choice(["slow", "login", "naïve", "käse", "日本"]) for _ in range(8))
    body = f'He said "{words}"\nand left, {number}' if number % 5 == 0 else f"{words} {number}"
    identity = f"t{number % 997 if number % 50 == 0 else number}"  # some are duplicates
    opened = f"{rng.randint(1, 28):02}/{rng.randint(1, 12):02}/2026 {rng.randint(0, 23):02}:15"
    if number % 41 == 0:
        opened = "yesterday"
    if number % 37 == 0:
        body = "too short"
    return [identity, body, opened, f"{rng.randint(0, 10**6) / 100:.2f}", f"u{number}@example.org"]


def _csv(rng: random.Random, first: int, rows: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["ticket_id", "body", "opened", "amount", "mail"])
    for number in range(first, first + rows):
        writer.writerow(_ticket(rng, number))
        if number % 211 == 0:
            out.write("ragged,row\n")
    return out.getvalue().encode()


def _jsonl(rng: random.Random, first: int, rows: int) -> bytes:
    lines = []
    for number in range(first, first + rows):
        doc = {"id": f"k{number}", "text": "a knowledge base article " * rng.randint(1, 4)}
        lines.append(json.dumps({"doc": {**doc, "amount": f"{number}.25"}}).encode())
        if number % 97 == 0:
            lines.append(b'{"doc": {"id": "broken", ')
    return b"\n".join(lines) + b"\n"


def make_inputs(folder: Path, rows: int = 6000, seed: int = 11) -> None:
    """Writes the config and its inputs: messy on purpose, and the same for the same seed."""
    rng = random.Random(seed)
    data = folder / "data"
    (data / "kb").mkdir(parents=True)
    (data / "tickets-1.csv").write_bytes(_csv(rng, 0, rows))
    (data / "tickets-2.csv.gz").write_bytes(gzip.compress(_csv(rng, rows, rows // 2), mtime=0))
    for part in range(5):
        content = _jsonl(rng, part * 300, 300)
        (data / "kb" / f"part-{part}.jsonl").write_bytes(content)
    (folder / "pipeline.yaml").write_text(CONFIG)


def fingerprint(folder: Path) -> dict[str, str]:
    """SHA-256 of everything whose bytes are promised: stage data, records, manifests, releases."""
    result: dict[str, str] = {}
    for top in ("workspace/stages", "out"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_file() and not path.is_symlink():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                result[str(path.relative_to(folder))] = digest
    return result


def without_cards(files: dict[str, str]) -> dict[str, str]:
    """A fingerprint without release cards, which name the plan: every word of the config counts."""
    return {name: digest for name, digest in files.items() if ".card/" not in name}
