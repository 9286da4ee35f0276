"""Pipelines over the fixture server, and what comes out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from command import Millrace, Outcome
from rest_server import RestServer

WINDOWS = {
    "type": "time_window",
    "start_param": "since",
    "end_param": "until",
    "from": "2024-01-01",
    "to": "2024-01-02",
    "step": "6h",
}
# How each way of paging of the fixture server is written in a config.
PAGING: dict[str, dict[str, Any]] = {
    "none": {"type": "none"},
    "offset": {"type": "offset", "limit_param": "limit", "limit": 10},
    "page": {"type": "page", "limit_param": "per_page", "limit": 10},
    "cursor": {"type": "cursor", "cursor": "$.next_cursor"},
    "header_cursor": {"type": "cursor_header", "header": "X-Next-Cursor"},
    "link": {"type": "link_header"},
    "next_url": {"type": "next_url", "next": "$.next"},
    "keyset": {"type": "keyset", "param": "after_id", "key": "$.id"},
    "window": {**WINDOWS, "step": "2h"},
    "window_offset": {
        **WINDOWS,
        "within": {"type": "offset", "limit_param": "limit", "limit": 10},
    },
    "window_cursor": {**WINDOWS, "within": {"type": "cursor", "cursor": "$.next_cursor"}},
    "window_link": {**WINDOWS, "within": {"type": "link_header"}},
    "post_offset": {
        "type": "offset",
        "in": "body",
        "param": "$.page.offset",
        "limit_param": "$.page.limit",
        "limit": 10,
    },
    "post_cursor": {"type": "cursor", "in": "body", "cursor": "$.next_cursor"},
    "post_window": {
        **WINDOWS,
        "in": "body",
        "start_param": "$.filter.since",
        "end_param": "$.filter.until",
        "within": {"type": "keyset", "in": "body", "param": "after_id", "key": "$.id"},
    },
}
# What the server calls those that page as another one does.
SERVED = {
    "window_offset": "offset",
    "window_cursor": "cursor",
    "window_link": "link",
    "post_offset": "offset",
    "post_cursor": "cursor",
    "post_window": "keyset",
}
COLUMNS = {
    "id": {"type": "int64", "required": True},
    "name": {"type": "string"},
    "country": {"type": "string"},
    "zip": {"type": "string", "from": "address.zip"},
}


def source(server: RestServer, paging: str, **more: Any) -> dict[str, Any]:
    """A source of the server's items. A value of None takes a key away."""
    config: dict[str, Any] = {
        "type": "rest",
        "url": f"{server.url}/{SERVED.get(paging, paging)}/items",
        "records": "$.data[*]",
        "paginate": PAGING[paging],
        "allow_private": True,
        "max_pages": 40,
        "total": "$.meta.total",
        **({"method": "POST"} if paging.startswith("post_") else {}),
        **more,
    }
    return {key: value for key, value in config.items() if value is not None}


def write(folder: Path, source: dict[str, Any], columns: dict[str, Any] | None = None) -> None:
    config = {
        "version": 1,
        "name": "rest",
        "workspace": "./workspace",
        "sources": {"items": source},
        "contract": {"columns": columns or COLUMNS},
        "exports": {"out": {"type": "jsonl", "path": "out", "overwrite": True}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(json.dumps(config))


def rows(folder: Path) -> list[dict[str, Any]]:
    latest = json.loads((folder / "out" / "LATEST.json").read_text())["release_id"]
    files = sorted((folder / "out" / latest).glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def ids(folder: Path) -> list[int]:
    return [row["id"] for row in rows(folder)]


def run(millrace: Millrace, folder: Path, *args: str, **kwargs: Any) -> Outcome:
    return millrace("run", "pipeline.yaml", *args, cwd=folder, **kwargs)


def requests(server: RestServer) -> list[str]:
    """The lines of the requests that were answered, without those that a fault befell."""
    return [entry.line for entry in server.log if not entry.fault]
