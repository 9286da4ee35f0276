"""What a run left, as text that can be read, compared and committed."""

from __future__ import annotations

import base64
import datetime
import decimal
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet


def plain(value: Any) -> Any:
    """A value of a Parquet file as JSON can hold it."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return "base64:" + base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def parquet_rows(path: Path) -> Iterator[str]:
    for row in pyarrow.parquet.ParquetFile(path).read().to_pylist():
        yield json.dumps(plain(row), ensure_ascii=False)


def text_lines(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = pyarrow.input_stream(path, compression="zstd").read()
    yield from data.decode("utf-8").splitlines()


def rows_of_release(folder: Path) -> str:
    """Every file of a release in order, with its rows as JSON lines."""
    out: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = re.sub(r"-[0-9a-f]{12}(?=\.)", "-<hash>", str(path.relative_to(folder)))
        if path.suffix == ".parquet":
            out += [f"# {name}", *parquet_rows(path)]
        elif path.suffix in (".jsonl", ".gz", ".zst"):
            out += [f"# {name}", *text_lines(path)]
    return "".join(line + "\n" for line in out)


def rejects(workspace: Path, run: dict[str, Any] | None) -> str:
    """The rejects of a run, or all that are stored where no run was complete, by row id; behind
    those of ingest those of each stage with operators."""
    files = sorted(workspace.glob("stages/*/*/rejects/**/*.parquet"))
    if run is not None and run["outcome"] == "done":
        files = [
            (workspace / stage["manifest"]).parent / file["path"]
            for stage in [*run["tables"], *run.get("stages", [])]
            for file in stage["reject_files"]
        ]
    rows: list[tuple[str, str, int, str]] = []
    for path in files:
        stage = path.relative_to(workspace).parts[1]
        for row in pyarrow.parquet.ParquetFile(path).read().to_pylist():
            shown = {key: plain(value) for key, value in row.items() if value is not None}
            file, _, ordinal = row["__fdf__/row_id"].rpartition("#")
            if stage == "ingest":
                rows.append(("", file, row["ordinal"], json.dumps(shown, ensure_ascii=False)))
            else:
                text = json.dumps({"stage": stage, **shown}, ensure_ascii=False)
                rows.append((stage, file, int(re.split("[/@]", ordinal)[0]), text))
    return "".join(text + "\n" for _, _, _, text in sorted(rows))


def report(text: str) -> str:
    """report.json without what names the build and not the data."""
    return re.sub(r'"(code_version|engine_version|card_sha256)": "[^"]*"', r'"\1": "<build>"', text)


def transcript(text: str, folder: Path) -> str:
    """Output of a command without places and times."""
    text = text.replace(str(folder), "<case>")
    text = re.sub(r"done in .*", "done in <time>", text)
    return re.sub(r'"seconds": [0-9.e-]+', '"seconds": <time>', text)
