"""Endpoints for each record of another, and fetches of what is new."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, without_cards
from rest.pipelines import PAGING, rows, run, source, write
from rest_server import Fault, RestServer

COLUMNS = {
    "id": {"type": "int64", "required": True},
    "customer_id": {"type": "int64"},
    "customer": {"type": "string"},
    "city": {"type": "string"},
}


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=40) as server:
        yield server


def orders(server: RestServer, **more: Any) -> dict[str, Any]:
    return source(
        server,
        "page",
        url=f"{server.url}/page/customers/{{customer}}/orders",
        parent={
            "name": "customer",
            "url": f"{server.url}/cursor/customers",
            "records": "$.data[*]",
            "paginate": {**PAGING["cursor"], "limit_param": "limit", "limit": 3},
            "key": "$.id",
            "carry": {"customer": "$.name", "city": "$.address.city"},
        },
        **more,
    )


def test_children_of_every_parent(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    found = []
    for concurrency in (1, 8):
        folder = tmp_path / str(concurrency)
        write(folder, orders(server, concurrency=concurrency), COLUMNS)
        millrace.ok("run", "pipeline.yaml", cwd=folder)
        want = [
            (order["id"], customer["id"], customer["name"], customer["address"]["city"])
            for customer in server.customers
            for order in server.orders(customer["id"])
        ]
        got = rows(folder)
        assert [tuple(row[name] for name in COLUMNS) for row in got] == want
        assert got[0]["__fdf__/row_id"].startswith("items/1/")
        found.append(without_cards(fingerprint(folder)))
    assert found[0] == found[1]


def test_a_fetch_that_broke_off_among_children(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    write(tmp_path, orders(server), COLUMNS)
    server.add(Fault("garbage", match="customers/5/orders"))
    assert run(millrace, tmp_path).code == 1
    before = {entry.line for entry in server.log if not entry.fault}
    server.clear()
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert not before & {entry.line for entry in server.log}
    assert len(rows(tmp_path)) == sum(len(server.orders(number)) for number in range(1, 8))


def incremental(server: RestServer, **more: Any) -> dict[str, Any]:
    block = {"param": "updated_since", "field": "$.updated_at", **more}
    return source(server, "page", incremental=block)


def test_only_what_is_new_is_asked_for(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    unique = {"id": {"type": "int64", "required": True, "unique": True}}
    write(tmp_path, incremental(server, initial="2024-01-01T00:00:00Z"), unique)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert [row["id"] for row in rows(tmp_path)] == list(range(1, 41))
    assert server.log[0].query["updated_since"] == "2024-01-01T00:00:00Z"
    newest = server.items[-1]["updated_at"]

    server.clear()  # nothing new: the same snapshot, the same release
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert server.log[0].query["updated_since"] == newest
    assert [row["id"] for row in rows(tmp_path)] == list(range(1, 41))

    server.settings.grow_by = 1  # one more with every page that is asked for
    server.settings.total = "missing"
    server.clear()
    write(tmp_path, incremental(server, initial="2024-01-01T00:00:00Z"), unique)
    third = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    server.settings.grow_by = 0
    got = [row["id"] for row in rows(tmp_path)]
    assert got[:40] == list(range(1, 41))
    assert len(got) == len(set(got)) > 40
    assert third["rows_rejected"] > 0  # the newest came again, and `unique` took the first

    last = json.loads((tmp_path / "workspace/sources/items/snapshots.json").read_text())
    fresh = tmp_path / "fresh"  # the last snapshot alone gives the same bytes
    write(fresh, incremental(server, initial="2024-01-01T00:00:00Z"), unique)
    shutil.copytree(tmp_path / "workspace" / "sources", fresh / "workspace" / "sources")
    millrace.ok("run", "pipeline.yaml", "--snapshot", last["snapshots"][-1], cwd=fresh)
    assert rows(fresh) == rows(tmp_path)


def test_a_run_that_failed_moves_nothing_on(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    strict = {"id": {"type": "int64", "max": "3"}}
    config = incremental(server)
    write(tmp_path, {**config, "limits": {"max_rejects": 0}}, strict)
    assert run(millrace, tmp_path).code == 3
    write(tmp_path, {**config, "limits": {"max_rejects": 100}}, strict)
    server.clear()
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert server.log == []
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert server.log[0].query["updated_since"] == server.items[-1]["updated_at"]
