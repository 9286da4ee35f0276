"""Misbehaviour on request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KINDS = (
    "slow",  # waits `seconds`, then answers as it should
    "drip",  # sends the body in ten parts, `seconds` apart
    "cut",  # Content-Length says more than is sent
    "cut_chunked",  # chunked, and the last chunk never comes
    "bad_chunk",  # chunked, with a size that is none
    "torn",  # half of the body, under a Content-Length that says so
    "reset",  # the connection is reset without an answer
    "status",  # answers `status` with a JSON error
    "throttle",  # 429 with `retry_after`, taken as it is; None: without the header
    "garbage",  # 200 and the right content type, but bytes that are not in the format
    "html",  # 200 and a page in HTML, as a proxy or a login form would
    "content_type",  # the right body under the content type `text`
    "empty",  # 200 without a body
    "not_http",  # bytes that are no HTTP at all
    "expired_token",  # 401, and every token that was given out is worthless
    "redirect",  # 302 to `text`
    "redirect_away",  # 302 to the same path on the other host
    "redirect_loop",  # 302 to itself
    "body",  # 200 and the body `text`
)


@dataclass
class Fault:
    """Befalls the requests whose "METHOD /path?query BODY" holds the pattern `match`: the first
    `times` of them after `skip` have passed unharmed."""

    kind: str
    match: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 0.5
    status: int = 500
    retry_after: str | None = None
    text: str = ""
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")

    def befalls(self, request_line: str) -> bool:
        """Counts the request when it matches. Callers hold the server's lock."""
        if not re.search(self.match, request_line):
            return False
        self.seen += 1
        return self.skip < self.seen <= self.skip + self.times
