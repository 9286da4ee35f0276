"""The endpoints. PAGING is the first part of a path, what it pages through the rest:

    /PAGING/items                   the records
    /PAGING/customers               the parents
    /PAGING/customers/ID/orders     the children of one (404 where there is no such parent)

    none            everything at once
    offset          ?offset=&limit=
    page            ?page=&per_page=
    cursor          ?cursor=&limit=         the next one is `next_cursor` in the body, else null
    header_cursor   ?cursor=&limit=         the next one is the header X-Next-Cursor
    link            ?page=&per_page=        Link: <...>; rel="next"
    next_url        ?page=&per_page=        the next one is `next` in the body, else null
    keyset          ?after_id=&limit=       records whose id is larger
    window          everything at once, of a window; ?limit= cuts, as a trap

Every one takes ?since=&until=, which keeps since <= updated_at < until, in the total too. The same
may stand in the JSON body of a POST, in objects of any depth; there a number must be one. Every one
takes ?format=json (records under `data`, the total under `meta.total`), array (a bare
array), jsonl or csv, ?gzip=header (with Content-Encoding) or gzip=body (without), and
?updated_since=, which keeps what changed at that time or later.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_server.data import Record, records
from rest_server.settings import Settings

PAGINGS = (
    "none",
    "offset",
    "page",
    "cursor",
    "header_cursor",
    "link",
    "next_url",
    "keyset",
    "window",
)
CUSTOMERS = 7
COLUMNS = ("id", "name", "amount", "country", "updated_at")


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @staticmethod
    def error(status: int, message: str) -> Answer:
        body = json.dumps({"error": {"code": status, "message": message}}).encode()
        return Answer(status, {"Content-Type": "application/json"}, body)


@dataclass
class Page:
    records: list[Record]
    number: int = 1
    following: str | None = None  # the cursor or page number of the next one
    outer: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class BadRequest(Exception):
    pass


# What counts, and therefore is a number in a body.
COUNTED = ("offset", "limit", "page", "per_page", "after_id")


def in_body(body: str) -> dict[str, str]:
    """The parameters in a JSON body, of whatever object they are members of."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BadRequest("the body is not a JSON object")
    found: dict[str, str] = {}
    waiting = [told]
    while waiting:
        for name, value in waiting.pop().items():
            if isinstance(value, dict):
                waiting.append(value)
            elif name in COUNTED and type(value) is not int:
                raise BadRequest(f"{name} must be a number, not {value!r}")
            else:
                found[name] = str(value)
    return found


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.lstrip("-").isdigit() or int(text) < 0:
        raise BadRequest(f"{name} must be a whole number, not {text!r}")
    return int(text)


class Api:
    """Callers hold the server's lock: a page may add records."""

    def __init__(self, settings: Settings, count: int, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.items = records(seed, "items", count)
        self.customers = records(seed, "customers", CUSTOMERS)
        self.origin = ""
        self.other_origin = ""
        self._asked = 0

    def orders(self, customer: int) -> list[Record]:
        """Between 0 and 32 of them, by the customer."""
        made = records(self.seed, f"orders/{customer}", (customer * 11) % 33)
        return [{**order, "customer_id": customer} for order in made]

    def answer(self, path: str, query: Mapping[str, str], accept: str) -> Answer:
        parts = path.strip("/").split("/")
        found = self._resource(parts[1:]) if parts[0] in PAGINGS else None
        if found is None:
            return Answer.error(404, f"nothing at {path}")
        self._asked += 1
        try:
            chosen = self._chosen(found, query)
            page = self._page(parts[0], path, query, chosen)
        except BadRequest as problem:
            return Answer.error(400, str(problem))
        if not page.records and page.number > 1 and self.settings.past_end == "404":
            return Answer.error(404, "no such page")
        return self._render(page, len(chosen), query)

    def _resource(self, parts: list[str]) -> list[Record] | None:
        if parts == ["items"]:
            return self.items
        if parts == ["customers"]:
            return self.customers
        if len(parts) == 3 and parts[0] == "customers" and parts[2] == "orders":
            known = parts[1].isdigit() and 1 <= int(parts[1]) <= CUSTOMERS
            return self.orders(int(parts[1])) if known else None
        return None

    def _chosen(self, found: list[Record], query: Mapping[str, str]) -> list[Record]:
        if self.settings.grow_by and found is self.items:
            start = len(self.items)
            grown = records(self.seed, "items", start + self.settings.grow_by)
            self.items[:0] = reversed(grown[start:])
        since = max(query.get("updated_since", ""), query.get("since", ""))
        until = query.get("until", "9999")
        chosen = [one for one in found if since <= one["updated_at"] < until]
        return chosen[::-1] if self.settings.newest_first else chosen

    def _page(self, paging: str, path: str, query: Mapping[str, str], chosen: list[Record]) -> Page:
        if paging == "none":
            return Page(chosen)
        if paging == "window":
            return self._window(query, chosen)
        if paging == "keyset":
            after = _whole(query, "after_id", 0)
            later = sorted((one for one in chosen if one["id"] > after), key=lambda one: one["id"])
            return Page(self._slice(later, 0, self._limit(query, "limit"), 1)[0])
        if paging == "offset":
            offset = _whole(query, "offset", 0)
            limit = self._limit(query, "limit")
            taken, _ = self._slice(chosen, offset, limit, offset // limit + 1)
            return Page(taken, offset // limit + 1)
        if paging in ("cursor", "header_cursor"):
            return self._by_cursor(paging, query, chosen)
        return self._by_number(paging, path, query, chosen)

    def _limit(self, query: Mapping[str, str], name: str) -> int:
        limit = _whole(query, name, self.settings.page_size)
        return max(1, min(limit, self.settings.page_size_max))

    def _slice(
        self, chosen: list[Record], start: int, limit: int, number: int
    ) -> tuple[list[Record], int]:
        """The records of one page, and where the next one starts."""
        if self.settings.repeat_from and number >= self.settings.repeat_from:
            start = (self.settings.repeat_from - 1) * limit
        if self.settings.empty_page and number == self.settings.empty_page:
            return [], start
        if self.settings.short_pages and number % 3 == 0:
            limit = max(1, limit // 2)
        if self.settings.endless and chosen:
            count = len(chosen)
            turn = [{**chosen[at % count], "id": at + 1} for at in range(start, start + limit)]
            return turn, start + limit
        return chosen[start : start + limit], start + limit

    def _by_cursor(self, paging: str, query: Mapping[str, str], chosen: list[Record]) -> Page:
        start, number = 0, 1
        if sent := query.get("cursor"):
            try:
                start, number = json.loads(base64.urlsafe_b64decode(sent))
            except ValueError:
                raise BadRequest("the cursor is malformed or has expired") from None
        taken, following = self._slice(chosen, start, self._limit(query, "limit"), number)
        page = Page(taken, number)
        repeats = bool(self.settings.repeat_from) and number >= self.settings.repeat_from
        if following < len(chosen) or self.settings.endless or repeats:
            token = json.dumps([following, number + 1]).encode()
            page.following = base64.urlsafe_b64encode(token).decode()
            if self.settings.cursor_stuck and sent:
                page.following = sent
        if paging == "cursor":
            page.outer["next_cursor"] = page.following
        elif page.following is not None:
            page.headers["X-Next-Cursor"] = page.following
        return page

    def _by_number(
        self, paging: str, path: str, query: Mapping[str, str], chosen: list[Record]
    ) -> Page:
        first = self.settings.first_page
        number = _whole(query, "page", first) - first + 1
        if number < 1:
            raise BadRequest(f"pages count from {first}")
        limit = self._limit(query, "per_page")
        start = 0
        for earlier in range(1, number):  # pages may be short or empty: walk up to this one
            if start >= len(chosen) and not self.settings.endless:
                break
            start = self._slice(chosen, start, limit, earlier)[1]
        taken, _ = self._slice(chosen, start, limit, number)
        page = Page(taken, number)
        more = start + len(taken) < len(chosen) or self.settings.endless
        if self.settings.repeat_from and number >= self.settings.repeat_from:
            more = True
        if more and paging in ("link", "next_url"):
            following = self._link(path, query, number + first, limit, number)
            if paging == "link":
                page.headers["Link"] = f'<{self._link(path, query, first, limit, 0)}>; rel="first"'
                page.headers["Link"] += f', <{following}>; rel="next"'
            else:
                page.outer["next"] = following
        elif paging == "next_url":
            page.outer["next"] = None
        return page

    def _link(self, path: str, query: Mapping[str, str], page: int, limit: int, number: int) -> str:
        kept = {
            name: value
            for name, value in query.items()
            if name not in ("page", "per_page", "api_key")
        }
        pairs = [*kept.items(), ("page", str(page)), ("per_page", str(limit))]
        away = self.settings.next_elsewhere and number >= self.settings.next_elsewhere
        origin = self.other_origin if away else self.origin
        if self.settings.relative_links and not away:
            origin = ""
        return f"{origin}{path}?{urllib.parse.urlencode(pairs)}"

    def _window(self, query: Mapping[str, str], chosen: list[Record]) -> Page:
        return Page(chosen[: self._limit(query, "limit")] if "limit" in query else chosen)

    def _total(self, count: int) -> int | None:
        if self.settings.total == "missing":
            return None
        if self.settings.total == "changing":
            return count + self._asked
        return count + (13 if self.settings.total == "wrong" else 0)

    def _render(self, page: Page, count: int, query: Mapping[str, str]) -> Answer:
        kind = query.get("format", "json")
        total = self._total(count)
        headers = dict(page.headers)
        if self.settings.odd_headers:
            headers["ETag"] = '"\xff\xfe"'
            headers["Link"] = '<?\xe9=1>; rel="first", ' + headers.get("Link", "<x>; rel=self")
        if total is not None:
            headers["X-Total-Count"] = str(total)
        if kind == "json":
            outer: dict[str, Any] = {"data": page.records, **page.outer}
            if total is not None:
                outer["meta"] = {"total": total}
            body = json.dumps(outer, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        elif kind == "array":
            body = json.dumps(page.records, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        elif kind == "jsonl":
            lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in page.records]
            body = "".join(lines).encode()
            headers["Content-Type"] = "application/x-ndjson"
        elif kind == "csv":
            body = _csv(page.records)
            headers["Content-Type"] = "text/csv; charset=utf-8"
        else:
            return Answer.error(400, f"no format {kind!r}")
        if query.get("gzip"):
            body = gzip.compress(body, mtime=0)
            if query["gzip"] == "header":
                headers["Content-Encoding"] = "gzip"
        return Answer(200, headers, body)


def _csv(found: list[Record]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode()
