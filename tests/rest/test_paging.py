"""Every way of paging against a server that behaves and one that does not: all rows come, or a
clear error does. Never a silent loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import Millrace
from rest.pipelines import PAGING, ids, rows, run, source, write
from rest_server import Fault, RestServer

RECORDS = 95


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=RECORDS) as server:
        yield server


def wanted(server: RestServer) -> list[int]:
    return [record["id"] for record in server.items]


@pytest.mark.parametrize("paging", PAGING)
def test_all_rows(millrace: Millrace, tmp_path: Path, server: RestServer, paging: str) -> None:
    write(tmp_path, source(server, paging))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    got = rows(tmp_path)
    assert [row["id"] for row in got] == wanted(server)
    for row, record in zip(got, server.items, strict=True):
        assert (row["name"], row["country"]) == (record["name"], record["country"])
        assert row["zip"] == record["address"]["zip"]
    first = got[0]["__fdf__/row_id"]
    assert first == "items/all/0000001#0"


@pytest.mark.parametrize("form", ["array", "jsonl", "csv"])
@pytest.mark.parametrize("gzip", ["", "header", "body"])
def test_formats(
    millrace: Millrace, tmp_path: Path, server: RestServer, form: str, gzip: str
) -> None:
    params = {"format": form, **({"gzip": gzip} if gzip else {})}
    is_json = form == "array"
    config = source(
        server,
        "page",
        params=params,
        total=None,
        format="json" if is_json else form,
        records="$" if is_json else None,
    )
    write(tmp_path, config, {"id": {"type": "int64"}, "name": {"type": "string"}})
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert [(row["id"], row["name"]) for row in rows(tmp_path)] == [
        (record["id"], record["name"]) for record in server.items
    ]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_a_compressed_body_that_is_torn_is_no_page(
    millrace: Millrace, tmp_path: Path, server: RestServer, form: str
) -> None:
    """What can be unpacked of it may well be whole lines."""
    is_json = form == "json"
    config = source(
        server,
        "page",
        params={"format": form, "gzip": "body"},
        total=None,
        format=form,
        records="$.data[*]" if is_json else None,
    )
    write(tmp_path, config, {"id": {"type": "int64"}, "name": {"type": "string"}})
    server.add(Fault("torn", match="page=3"))
    outcome = run(millrace, tmp_path)
    assert outcome.code == 1
    assert "MR2004" in outcome.err and "page 3" in outcome.err and "damaged" in outcome.err
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert ids(tmp_path) == wanted(server)


FAULTS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.1},
    "drip": {"seconds": 0.01},
    "cut": {},
    "cut_chunked": {},
    "bad_chunk": {},
    "reset": {},
    "status": {"status": 503},
    "throttle": {"retry_after": "0"},
    "garbage": {},
    "html": {},
    "content_type": {"text": "text/plain"},
    "empty": {},
    "not_http": {},
    "expired_token": {},
    "redirect_loop": {},
    "body": {"text": '{"message": "maintenance"}'},
}


# What a paginator makes of an answer differs in kind for these; the rest of it is shared.
ALL_FAULTS = ("none", "page", "cursor")
TELLING = ("cut", "garbage", "html", "empty", "body")


@pytest.mark.parametrize("paging", PAGING)
def test_one_bad_answer(
    millrace: Millrace, tmp_path: Path, server: RestServer, paging: str
) -> None:
    """Befalls the second answer (the only one of `none`); the next run has all rows."""
    for kind, more in FAULTS.items():
        if paging not in ALL_FAULTS and kind not in TELLING:
            continue
        server.clear()
        folder = tmp_path / kind
        write(folder, source(server, paging))
        server.add(Fault(kind, skip=0 if paging == "none" else 1, **more))
        outcome = run(millrace, folder)
        if outcome.code != 0:
            assert "error MR" in outcome.err, (kind, outcome.err)
            assert not (folder / "out").exists(), kind
            millrace.ok("run", "pipeline.yaml", cwd=folder)
        assert ids(folder) == wanted(server), kind
        assert any(entry.fault == kind for entry in server.log), kind


MISLEADING: list[dict[str, Any]] = [
    {"short_pages": True},
    {"page_size_max": 3},
    {"relative_links": True},
    {"past_end": "404"},
    {"empty_page": 4},
    {"total": "wrong"},
    {"total": "changing"},
    {"endless": True},
    {"repeat_from": 3},
    {"cursor_stuck": True},
    {"grow_by": 1},
]


@pytest.mark.parametrize("paging", [name for name in PAGING if name not in ("none", "window")])
def test_settings_that_mislead(
    millrace: Millrace, tmp_path: Path, server: RestServer, paging: str
) -> None:
    for number, settings in enumerate(MISLEADING):
        with RestServer(records=RECORDS) as fresh:
            for name, value in settings.items():
                setattr(fresh.settings, name, value)
            folder = tmp_path / str(number)
            write(folder, source(fresh, paging))
            outcome = run(millrace, folder)
            if outcome.code != 0:
                assert "error MR" in outcome.err, (settings, outcome.err)
            elif "grow_by" in settings:
                # Records that came into being meanwhile may be there; those before must be.
                assert set(range(1, RECORDS + 1)) <= set(ids(folder))
            else:
                assert ids(folder) == wanted(fresh), settings


@pytest.mark.parametrize(
    ("settings", "total", "words"),
    [
        ({"endless": True}, None, ["MR1205", "more than 40 pages"]),
        ({"repeat_from": 3}, None, ["MR2004", "page 3 again"]),
        ({"total": "wrong"}, "$.meta.total", ["MR2003", "108", "95"]),
        ({"past_end": "404"}, None, ["404", "page 11"]),
    ],
)
def test_errors_say_what_is_wrong(
    millrace: Millrace,
    tmp_path: Path,
    server: RestServer,
    settings: dict[str, Any],
    total: str | None,
    words: list[str],
) -> None:
    for name, value in settings.items():
        setattr(server.settings, name, value)
    write(tmp_path, source(server, "page", total=total))
    outcome = run(millrace, tmp_path)
    assert outcome.code != 0
    for word in words:
        assert word in outcome.err


def test_a_private_address_must_be_allowed(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    write(tmp_path, source(server, "page", allow_private=None))
    outcome = run(millrace, tmp_path)
    assert outcome.code == 1 and server.log == []
    assert "127.0.0.1 is not of the public internet" in outcome.err
    assert "set `allow_private: true`" in outcome.err


def test_a_404_behind_the_last_page_can_be_declared(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    server.settings.past_end = "404"
    rules = {"past_end": {"status": "404", "action": "ignore"}}
    write(tmp_path, source(server, "page", responses=rules))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert ids(tmp_path) == wanted(server)


def test_a_post_is_tried_again_only_where_that_is_declared(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    for fault in (Fault("status", skip=1, status=503), Fault("cut", skip=1)):
        server.clear()
        folder = tmp_path / fault.kind
        write(folder, source(server, "post_offset"))
        server.add(fault)
        outcome = run(millrace, folder)
        assert outcome.code == 75
        assert "retry: {post: true}" in outcome.err
        assert [entry.fault for entry in server.log] == ["", fault.kind]
        # The next run goes on, and asks for the page that was in flight.
        millrace.ok("run", "pipeline.yaml", cwd=folder)
        assert ids(folder) == wanted(server)
        assert len(server.log) == 12

        declared = tmp_path / f"{fault.kind}-declared"
        server.clear()
        write(declared, source(server, "post_offset", retry={"post": True}))
        server.add(Fault(fault.kind, skip=1, status=503))
        millrace.ok("run", "pipeline.yaml", cwd=declared)
        assert ids(declared) == wanted(server)
        assert [entry.fault for entry in server.log][:3] == ["", fault.kind, ""]


def test_a_post_says_which_page_in_its_body(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    body = '{"filter": {"kind": "a", "ratio": 1.50}, "page": {"limit": 1}}'
    write(tmp_path, source(server, "post_offset", body=body))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert ids(tmp_path) == wanted(server)
    first, second = server.log[:2]
    assert first.query == {}
    assert first.headers["content-type"] == "application/json"
    assert first.body == body.replace('"limit": 1', '"limit": 10').replace(
        '"page": {', '"page": {"offset":0,'
    )
    assert json.loads(second.body)["page"] == {"offset": 10, "limit": 10}


def test_a_redirect_that_drops_the_body_is_an_error(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    write(tmp_path, source(server, "post_offset"))
    server.add(Fault("redirect", text=f"{server.url}/offset/items"))
    outcome = run(millrace, tmp_path)
    assert outcome.code == 1
    assert "without the request's body" in outcome.err


@pytest.mark.parametrize("paging", ["link", "next_url", "header_cursor"])
def test_a_header_may_hold_any_bytes(
    millrace: Millrace, tmp_path: Path, server: RestServer, paging: str
) -> None:
    server.settings.odd_headers = True
    write(tmp_path, source(server, paging))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert ids(tmp_path) == wanted(server)
