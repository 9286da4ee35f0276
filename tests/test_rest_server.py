"""The fixture server does what the tests that use it believe."""

from __future__ import annotations

import base64
import gzip
import http.client
import itertools
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from rest_server import Fault, RestServer


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=23, seed=3) as running:
        yield running


def get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.headers, problem.read()


def page(url: str, **headers: str) -> Any:
    status, _, body = get(url, **headers)
    assert status == 200, body
    return json.loads(body)


def ids(records: Any) -> list[int]:
    return [one["id"] for one in records]


ALL = list(range(1, 24))


def walk(server: RestServer, paging: str) -> list[int]:
    """Pages through the items as the paging wants it."""
    base = f"{server.url}/{paging}/items"
    found: list[int] = []
    if paging == "none":
        return ids(page(base)["data"])
    if paging == "window":
        days = ["2024-01-01T00:00:00Z", "2024-01-01T01:10:00Z", "2024-01-02T00:00:00Z"]
        for since, until in itertools.pairwise(days):
            found += ids(page(f"{base}?since={since}&until={until}")["data"])
        return found
    if paging in ("offset", "keyset", "page"):
        for turn in range(1, 30):
            at = {"offset": len(found), "keyset": found[-1] if found else 0, "page": turn}[paging]
            name = {"offset": "offset", "keyset": "after_id", "page": "page"}[paging]
            got = ids(page(f"{base}?{name}={at}")["data"])
            if not got:
                return found
            found += got
        raise AssertionError("endless")
    url: str | None = base
    while url is not None:
        _, headers, body = get(url)
        told = json.loads(body)
        found += ids(told["data"])
        if paging == "next_url":
            url = told["next"]
        elif paging == "link":
            link = re.search(r'<([^>]*)>; rel="next"', headers.get("Link", ""))
            url = link.group(1) if link else None
        else:
            cursor = told.get("next_cursor") or headers.get("X-Next-Cursor")
            url = f"{base}?cursor={cursor}" if cursor else None
    return found


PAGINGS = [
    "none",
    "offset",
    "page",
    "cursor",
    "header_cursor",
    "link",
    "next_url",
    "keyset",
    "window",
]


@pytest.mark.parametrize("paging", PAGINGS)
def test_every_paging_gives_every_record_once(server: RestServer, paging: str) -> None:
    assert walk(server, paging) == ALL


@pytest.mark.parametrize("paging", ["offset", "page", "cursor", "link", "next_url", "keyset"])
def test_short_pages_lose_nothing(server: RestServer, paging: str) -> None:
    server.settings.short_pages = True
    assert walk(server, paging) == ALL


@pytest.mark.parametrize("paging", ["cursor", "header_cursor", "link", "next_url"])
def test_an_empty_page_is_not_the_end(server: RestServer, paging: str) -> None:
    server.settings.empty_page = 2
    assert walk(server, paging) == ALL


def post(url: str, body: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, body.encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


def test_parameters_in_a_body(server: RestServer) -> None:
    url = f"{server.url}/offset/items"
    status, told = post(url, '{"page": {"offset": 20, "limit": 2}, "tags": ["a"]}')
    assert (status, ids(told["data"])) == (200, [21, 22])
    assert post(url, '{"page": {"offset": "20"}}')[0] == 400
    assert post(url, "[]")[0] == post(url, "a=b")[0] == 400
    assert server.log[0].line.endswith('{"page": {"offset": 20, "limit": 2}, "tags": ["a"]}')


def test_a_window_has_a_total_of_its_own(server: RestServer) -> None:
    window = "since=2024-01-01T00:07:00Z&until=2024-01-01T00:21:00Z"
    told = page(f"{server.url}/page/items?{window}&per_page=1")
    assert (ids(told["data"]), told["meta"]["total"]) == ([2], 2)


def test_parents_have_children(server: RestServer) -> None:
    for customer in server.customers:
        url = f"{server.url}/none/customers/{customer['id']}/orders"
        assert page(url)["data"] == server.orders(customer["id"])
    assert get(f"{server.url}/none/customers/99/orders")[0] == 404


def test_formats_and_gzip(server: RestServer) -> None:
    base = f"{server.url}/none/items"
    records = page(base)["data"]
    assert json.loads(get(f"{base}?format=array")[2]) == records
    assert [json.loads(line) for line in get(f"{base}?format=jsonl")[2].splitlines()] == records
    assert get(f"{base}?format=csv")[2].startswith(b"id,name,amount,country,updated_at\r\n1,")
    _, headers, body = get(f"{base}?gzip=body")
    assert headers.get("Content-Encoding") is None
    assert json.loads(gzip.decompress(body))["data"] == records
    assert get(f"{base}?gzip=header")[1]["Content-Encoding"] == "gzip"


def test_auth(server: RestServer) -> None:
    url = f"{server.url}/page/items"
    settings = server.settings
    key = urllib.parse.quote(settings.api_key)
    userpass = base64.b64encode(f"{settings.user}:{settings.password}".encode()).decode()
    for kind, good, headers in (
        ("bearer", url, {"Authorization": f"Bearer {settings.bearer}"}),
        ("api_key_header", url, {"X_Api_Key": settings.api_key}),
        ("api_key_query", f"{url}?api_key={key}", {}),
        ("basic", url, {"Authorization": f"Basic {userpass}"}),
    ):
        settings.auth = kind
        assert get(good, **headers)[0] == 200, kind
        assert get(url)[0] == 401, kind
        assert get(url, Authorization="Bearer x", X_Api_Key="x")[0] == 401, kind
    assert [entry.carries_auth for entry in server.log[:3]] == [True, False, True]


def test_oauth2(server: RestServer) -> None:
    server.settings.auth = "oauth2"
    url, token_url = f"{server.url}/page/items", f"{server.url}/oauth/token"

    def token(**form: str) -> Any:
        data = urllib.parse.urlencode({"grant_type": "client_credentials", **form}).encode()
        with urllib.request.urlopen(token_url, data) as answer:
            return json.load(answer)["access_token"]

    identity = {
        "client_id": server.settings.client_id,
        "client_secret": server.settings.client_secret,
    }
    first = token(**identity)
    assert get(url, Authorization=f"Bearer {first}")[0] == 200
    server.expire_tokens()
    assert get(url, Authorization=f"Bearer {first}")[0] == 401
    assert get(url, Authorization=f"Bearer {token(**identity)}")[0] == 200
    with pytest.raises(urllib.error.HTTPError, match="401"):
        token(client_id="client-17", client_secret="wrong")
    assert server.tokens_issued == 2


def test_faults_befall_whom_they_should(server: RestServer) -> None:
    url = f"{server.url}/page/items"
    server.add(Fault("throttle", match="page=2", times=2, retry_after="3"))
    assert get(f"{url}?page=1")[0] == 200
    status, headers, _ = get(f"{url}?page=2")
    assert (status, headers["Retry-After"]) == (429, "3")
    assert [get(f"{url}?page=2")[0] for _ in range(2)] == [429, 200]
    assert [entry.fault for entry in server.log] == ["", "throttle", "throttle", ""]


@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "bad_chunk", "reset", "not_http"])
def test_broken_answers_are_broken(server: RestServer, kind: str) -> None:
    server.add(Fault(kind))
    with pytest.raises((http.client.HTTPException, OSError, ValueError)):
        get(f"{server.url}/page/items")
    assert get(f"{server.url}/page/items")[0] == 200


def test_the_other_host_notes_what_it_gets(server: RestServer) -> None:
    server.add(Fault("redirect_away"))
    get(f"{server.url}/page/items", X_Api_Key="k")  # urllib carries it along
    assert [(entry.host, entry.carries_auth) for entry in server.log] == [
        ("main", True),
        ("other", True),
    ]
    server.settings.next_elsewhere = 2
    first = page(f"{server.url}/next_url/items")["next"]
    assert first.startswith(server.url)
    assert page(first)["next"].startswith(server.other_url)


def test_endless_and_repeating_pages(server: RestServer) -> None:
    server.settings.endless = True
    assert ids(page(f"{server.url}/page/items?page=4")["data"]) == list(range(31, 41))
    server.settings.endless = False
    server.settings.repeat_from = 2
    assert ids(page(f"{server.url}/page/items?page=9")["data"]) == list(range(11, 21))


def test_totals(server: RestServer) -> None:
    url = f"{server.url}/page/items"
    assert page(url)["meta"]["total"] == 23
    server.settings.total = "changing"
    assert page(url)["meta"]["total"] != page(url)["meta"]["total"]
    server.settings.total = "missing"
    assert "meta" not in page(url)


def test_control_from_outside(server: RestServer) -> None:
    wish = {"settings": {"auth": "bearer"}, "faults": [{"kind": "status", "status": 503}]}
    urllib.request.urlopen(f"{server.url}/_control", json.dumps(wish).encode()).close()
    assert get(f"{server.url}/page/items")[0] == 503
    assert get(f"{server.url}/page/items")[0] == 401
    assert [one["status"] for one in page(f"{server.url}/_control/log")] == [503, 401]
