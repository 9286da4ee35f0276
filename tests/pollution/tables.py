"""Clean tables, and what a polluted file of one still says."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

Row = list[str]


@dataclass
class Table:
    """Texts of the cells; "" is no value. `numeric` columns are compared as numbers."""

    names: list[str]
    rows: list[Row]
    numeric: set[int]


@dataclass
class Polluted:
    """A file made of a table. `rows` are what it holds, in order, as the clean table has them."""

    data: bytes
    names: list[str]
    rows: list[Row]
    numeric: set[int]
    # What the file literally says where that is not the clean text: also right, it is not lost.
    as_written: dict[tuple[int, int], str] = field(default_factory=dict)
    # The file has no names: whatever a reader calls the columns is right.
    nameless: bool = False


_FIRST = ["Anna", "Bert", "Zoë", "Jürgen", "Maria", "Søren", "Inês", "Tom", "Léa", "Olga"]
_LAST = ["Müller", "Smith", "Ångström", "García", "Nowak", "O'Neil", "Weiß", "Ito", "Brown"]
_CITIES = ["Berlin", "Köln", "Paris", "São Paulo", "Malmö", "Graz", "Leeds", "Łódź"]
_NOTES = ["paid in full", "call back, please", "see order 12, line 3", "late again", "new client"]


def customers(seed: int, rows: int = 60) -> Table:
    """Mixed types: a number, names with marks, prose with commas, money, a date, a flag."""
    rng = random.Random(seed)
    table = Table(["id", "name", "city", "amount", "joined", "active", "note"], [], {0, 3})
    for number in range(rows):
        table.rows.append(
            [
                str(1000 + number * 7),
                f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
                rng.choice(_CITIES[:7]),
                f"{rng.randrange(100, 999_999) / 100:.2f}",
                f"20{rng.randrange(10, 26)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
                rng.choice(["true", "false"]),
                rng.choice(_NOTES),
            ]
        )
    return table


def stock(seed: int, rows: int = 80) -> Table:
    """Codes and numbers; some cells have no value."""
    rng = random.Random(seed)
    table = Table(["sku", "warehouse", "qty", "price", "counted_at"], [], {2, 3})
    for number in range(rows):
        table.rows.append(
            [
                f"K-{4000 + number}",
                rng.choice(["north", "south", "harbour", "main hall"]),
                str(rng.randrange(0, 5000)),
                f"{rng.randrange(1, 99_999) / 100:.2f}" if rng.random() > 0.1 else "",
                f"2025-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
            ]
        )
    return table


TABLES = {"customers": customers, "stock": stock}
