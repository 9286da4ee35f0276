"""How the server behaves until a test says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Settings:
    """May be changed while the server runs; every request reads it anew."""

    # none | bearer | api_key_header | api_key_query | basic | oauth2
    auth: str = "none"
    bearer: str = "bearer-8d1f-canary"
    api_key: str = "key with +/& 3c2a-canary"
    api_key_name: str = "X-Api-Key"  # of the header; in the query it is `api_key`
    user: str = "ann"
    password: str = "pass:w\u00f6rd-canary"
    client_id: str = "client-17"
    client_secret: str = "client-secret-canary"
    token_seconds: int = 3600
    token_uses: int = 0  # a token is refused after so many requests; 0: never

    page_size: int = 10  # where the request names none
    page_size_max: int = 100  # a larger wish is cut down to this without a word
    first_page: int = 1  # of /page, /link and /next_url
    short_pages: bool = False  # every third page holds fewer records than asked for
    empty_page: int = 0  # a page of this number (from 1) is empty although more follow; 0: none
    past_end: Literal["empty", "404"] = "empty"  # what a page behind the last one answers
    total: Literal["missing", "exact", "changing", "wrong"] = "exact"
    endless: bool = False  # after the last record the first one comes again, with a new id
    repeat_from: int = 0  # from this page on, every page is this page again; 0: never
    cursor_stuck: bool = False  # the next cursor is the one that was sent
    relative_links: bool = False  # Link headers and next URLs without scheme and host
    next_elsewhere: int = 0  # links from this page on lead to the other host; 0: never
    grow_by: int = 0  # so many records come into being, at the front, with every page
    newest_first: bool = False
    odd_headers: bool = False  # answers have headers that are no UTF-8
