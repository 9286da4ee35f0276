"""The records that the server holds: a function of their number, their kind and the seed."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

Record = dict[str, Any]

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
NAMES = (
    "Ada",
    "Bj\u00f6rn",
    "Chlo\u00e9",
    "D\u00b7D",
    'Eve "quoted"',
    "Fay, with comma",
    "\u7530\u4e2d",
)
COUNTRIES = ("DE", "FR", "JP", "US", None)


def _number(seed: int, kind: str, index: int) -> int:
    digest = hashlib.sha256(f"{seed}/{kind}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def instant(index: int) -> str:
    """When record `index` was last changed: seven minutes after the one before it."""
    return (START + datetime.timedelta(minutes=7 * index)).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(seed: int, kind: str, index: int) -> Record:
    """Record `index` (from 0); its id counts from 1."""
    number = _number(seed, kind, index)
    return {
        "id": index + 1,
        "name": NAMES[number % len(NAMES)],
        "amount": (number >> 8) % 1_000_000 / 100,
        "country": COUNTRIES[(number >> 32) % len(COUNTRIES)],
        "updated_at": instant(index),
        "tags": [f"t{(number >> 40) % 5}"] * ((number >> 48) % 3),
        "address": {"city": f"city {(number >> 16) % 50}", "zip": f"{(number >> 20) % 100000:05}"},
    }


def records(seed: int, kind: str, count: int) -> list[Record]:
    return [record(seed, kind, index) for index in range(count)]
