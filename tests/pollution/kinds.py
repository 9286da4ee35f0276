"""Kinds of pollution, each in five strengths. The same call gives the same bytes."""

from __future__ import annotations

import random
from collections.abc import Callable

from pollution.tables import Polluted, Row, Table

Kind = Callable[[Table, int, random.Random], Polluted]
KINDS: dict[str, Kind] = {}
_SHARE = [0.02, 0.05, 0.1, 0.2, 0.4]  # of the rows, by strength


def kind(function: Kind) -> Kind:
    """Registers a kind of pollution under its name."""
    KINDS[function.__name__] = function
    return function


def quoted(text: str, quote: str = '"') -> str:
    return quote + text.replace(quote, quote * 2) + quote


def cell(text: str, delimiter: str, quote: str = '"') -> str:
    special = any(mark in text for mark in (delimiter, quote, "\n", "\r"))
    return quoted(text, quote) if special else text


def line(row: Row, delimiter: str = ",", quote: str = '"') -> str:
    return delimiter.join(cell(text, delimiter, quote) for text in row)


def lines(table: Table, delimiter: str = ",", quote: str = '"') -> list[str]:
    return [line(row, delimiter, quote) for row in [table.names, *table.rows]]


def text(parts: list[str], newline: str = "\n") -> bytes:
    return (newline.join(parts) + newline).encode()


def made(table: Table, data: bytes, **more: object) -> Polluted:
    return Polluted(data, table.names, table.rows, table.numeric, **more)  # type: ignore[arg-type]


def some(table: Table, strength: int, rng: random.Random) -> list[int]:
    """Rows to spoil: at least one, never the first two."""
    count = max(1, round(len(table.rows) * _SHARE[strength - 1]))
    return sorted(rng.sample(range(2, len(table.rows)), count))


@kind
def delimiter(table: Table, strength: int, rng: random.Random) -> Polluted:
    return made(table, text(lines(table, ";\t|^~"[strength - 1])))


@kind
def multi_char_delimiter(table: Table, strength: int, rng: random.Random) -> Polluted:
    return made(table, text(lines(table, ["||", "::", ", ", "|~|", "<->"][strength - 1])))


@kind
def quote_style(table: Table, strength: int, rng: random.Random) -> Polluted:
    """Quotes around more cells than need them, up to all."""
    share = strength / 5
    parts = [
        ",".join(quoted(c) if rng.random() < share else cell(c, ",") for c in row)
        for row in [table.names, *table.rows]
    ]
    return made(table, text(parts))


@kind
def single_quotes(table: Table, strength: int, rng: random.Random) -> Polluted:
    share = strength / 5
    parts = [
        ",".join(
            quoted(c, "'") if rng.random() < share or "," in c else cell(c, ",", "'") for c in row
        )
        for row in [table.names, *table.rows]
    ]
    return made(table, text(parts))


def _with_quotes(table: Table, strength: int, rng: random.Random) -> tuple[Table, list[int], int]:
    column = 1
    rows = [list(row) for row in table.rows]
    spoiled = some(table, strength, rng)
    for number in spoiled:
        first, *rest = rows[number][column].split(" ")
        rows[number][column] = f'{first} "the {rng.choice(["cat", "fox"])}", {" ".join(rest)}'
    return Table(table.names, rows, table.numeric), spoiled, column


@kind
def doubled_quotes(table: Table, strength: int, rng: random.Random) -> Polluted:
    spoiled, _, _ = _with_quotes(table, strength, rng)
    return made(spoiled, text(lines(spoiled)))


@kind
def backslash_escapes(table: Table, strength: int, rng: random.Random) -> Polluted:
    spoiled, rows, column = _with_quotes(table, strength, rng)
    parts = lines(spoiled)
    for number in rows:
        cells = [cell(c, ",") for c in spoiled.rows[number]]
        cells[column] = '"' + spoiled.rows[number][column].replace('"', '\\"') + '"'
        parts[number + 1] = ",".join(cells)
    return made(spoiled, text(parts))


@kind
def unescaped_quotes(table: Table, strength: int, rng: random.Random) -> Polluted:
    spoiled, rows, column = _with_quotes(table, strength, rng)
    parts = lines(spoiled)
    for number in rows:
        cells = [cell(c, ",") for c in spoiled.rows[number]]
        cells[column] = '"' + spoiled.rows[number][column] + '"'
        parts[number + 1] = ",".join(cells)
    return made(spoiled, text(parts))


@kind
def stray_quotes(table: Table, strength: int, rng: random.Random) -> Polluted:
    """Inches: a quote inside a cell that is not quoted."""
    rows = [list(row) for row in table.rows]
    for number in some(table, strength, rng):
        rows[number][1] = f'{rng.randrange(2, 30)}" pipe'
    parts = [",".join(c if '"' in c else cell(c, ",") for c in row) for row in [table.names, *rows]]
    return made(Table(table.names, rows, table.numeric), text(parts))


@kind
def unclosed_quotes(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    for number in some(table, min(strength, 3), rng):
        cells = [cell(c, ",") for c in table.rows[number]]
        cells[1] = '"' + table.rows[number][1]
        parts[number + 1] = ",".join(cells)
    return made(table, text(parts))


@kind
def short_rows(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    for number in some(table, strength, rng):
        row = list(table.rows[number])
        del row[rng.randrange(1, len(row) - 1)]
        parts[number + 1] = line(row)
    return made(table, text(parts))


@kind
def long_rows(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    for number in some(table, strength, rng):
        row = list(table.rows[number])
        row.insert(rng.randrange(1, len(row) - 1), "x")
        parts[number + 1] = line(row)
    return made(table, text(parts))


@kind
def preamble(table: Table, strength: int, rng: random.Random) -> Polluted:
    before = [
        "Quarterly report",
        "Generated on 2026-01-05 by accounting, Berlin",
        "",
        "All amounts in EUR",
        "Contact: office@example.org",
        "Page 1 of 1",
        "",
    ]
    return made(table, text(before[: strength + (strength > 2)] + lines(table)))


@kind
def footer(table: Table, strength: int, rng: random.Random) -> Polluted:
    after = [f"({len(table.rows)} rows)", "", "End of report", "Generated by export 4.2", "Page 1"]
    return made(table, text(lines(table) + after[:strength]))


@kind
def total_row(table: Table, strength: int, rng: random.Random) -> Polluted:
    numbers = sorted(table.numeric)
    total = ["" for _ in table.names]
    total[0] = ["Total", "TOTAL", "Summe", "Grand total:", "Total EUR"][strength - 1]
    column = numbers[-1]
    total[column] = f"{sum(float(row[column] or 0) for row in table.rows):.2f}"
    return made(table, text([*lines(table, ";"), line(total, ";")]))


@kind
def total_of_full_rows(table: Table, strength: int, rng: random.Random) -> Polluted:
    """A text and a number; the last line has both, too. At strength 5 its number is no sum."""
    words = next(at for at in range(len(table.names)) if at not in table.numeric)
    number = max(table.numeric)
    total = sum(round(float(row[number] or 0) * 100) for row in table.rows)
    total += 7 if strength == 5 else 0
    said = ["Total", "TOTAL", "Summe", "Grand total:", "Total EUR"][strength - 1]
    two = Table(
        [table.names[words], table.names[number]],
        [[row[words], row[number]] for row in table.rows],
        {1},
    )
    return made(two, text([*lines(two), line([said, f"{total / 100:.2f}"])]))


@kind
def comments(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    prefix = ["#", "# ", "//", "# ", "-- "][strength - 1]
    count = max(1, round(len(parts) * _SHARE[strength - 1]))
    for number in sorted(rng.sample(range(len(parts)), count), reverse=True):
        parts.insert(number, f"{prefix}checked by {rng.choice(_NAMES)}")
    return made(table, text(parts))


_NAMES = ["Eve", "Bob", "the auditor"]


@kind
def multi_row_header(table: Table, strength: int, rng: random.Random) -> Polluted:
    more = [
        [f"({c})" for c in "abcdefg"[: len(table.names)]],
        [f"field {c}" for c in "abcdefg"[: len(table.names)]],
    ]
    extra = more[: 1 + (strength > 3)]
    names = ["_".join(parts) for parts in zip(table.names, *extra, strict=True)]
    delimiter = ",;\t,;"[strength - 1]
    parts = [line(row, delimiter) for row in [table.names, *extra, *table.rows]]
    return Polluted(text(parts), names, table.rows, table.numeric)


@kind
def no_header(table: Table, strength: int, rng: random.Random) -> Polluted:
    return made(table, text(lines(table, ",;\t|,"[strength - 1])[1:]), nameless=True)


@kind
def utf16(table: Table, strength: int, rng: random.Random) -> Polluted:
    data = text(lines(table, ",;\t,;"[strength - 1])).decode()
    forms = [
        data.encode("utf-16"),
        b"\xff\xfe" + data.encode("utf-16-le"),
        b"\xfe\xff" + data.encode("utf-16-be"),
        data.encode("utf-16-le"),
        data.encode("utf-16-be"),
    ]
    return made(table, forms[strength - 1])


@kind
def single_byte_encoding(table: Table, strength: int, rng: random.Random) -> Polluted:
    rows = [list(row) for row in table.rows]
    if strength > 2:
        for number in some(table, strength, rng):
            rows[number][1] = f"“{rows[number][1]}” … 5 €"
    encoded = Table(table.names, rows, table.numeric)
    name = "cp1252" if strength > 2 else "latin-1"
    return made(encoded, text(lines(encoded, ",;"[strength % 2])).decode().encode(name))


@kind
def byte_order_mark(table: Table, strength: int, rng: random.Random) -> Polluted:
    newline = ["\n", "\r\n", "\r", "\n", "\r\n"][strength - 1]
    return made(table, b"\xef\xbb\xbf" + text(lines(table, ",;\t,;"[strength - 1]), newline))


@kind
def nul_bytes(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    written = {}
    for number in some(table, strength, rng):
        row = list(table.rows[number])
        row[1] = row[1][:2] + "\0" + row[1][2:]
        written[number, 1] = row[1]
        parts[number + 1] = line(row)
    return made(table, text(parts), as_written=written)


@kind
def broken_utf8(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = [part.encode() for part in lines(table)]
    for number in some(table, strength, rng):
        cells = [cell(c, ",").encode() for c in table.rows[number]]
        cells[1] = cells[1][:1] + b"\xc3" + cells[1][1:2] + b"\xff" + cells[1][2:]
        parts[number + 1] = b",".join(cells)
    return made(table, b"\n".join(parts) + b"\n")


@kind
def newlines(table: Table, strength: int, rng: random.Random) -> Polluted:
    newline = ["\r\n", "\r", "\r\n", "\r", "\r"][strength - 1]
    return made(table, text(lines(table, ",,;;\t"[strength - 1]), newline))


@kind
def mixed_newlines(table: Table, strength: int, rng: random.Random) -> Polluted:
    ends = ["\n", "\r\n"] if strength < 4 else ["\n", "\r\n", "\r"]
    share = strength / 6
    data = "".join(
        part + (rng.choice(ends[1:]) if rng.random() < share else "\n") for part in lines(table)
    )
    return made(table, data.encode())


@kind
def embedded_newlines(table: Table, strength: int, rng: random.Random) -> Polluted:
    rows = [list(row) for row in table.rows]
    for number in some(table, strength, rng):
        rows[number][1] = rows[number][1].replace(" ", "\n", 1) + "\nsecond line, too"
    spoiled = Table(table.names, rows, table.numeric)
    return made(spoiled, text(lines(spoiled)))


@kind
def blank_lines(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    for number in sorted(some(table, strength, rng), reverse=True):
        parts.insert(number, "")
    return made(table, text(parts))


@kind
def trailing_delimiters(table: Table, strength: int, rng: random.Random) -> Polluted:
    delimiter = ",;\t|,"[strength - 1]
    parts = [part + delimiter for part in lines(table, delimiter)]
    if strength > 3:
        parts[0] = parts[0][: -len(delimiter)]
    return made(table, text(parts))


@kind
def padding(table: Table, strength: int, rng: random.Random) -> Polluted:
    share = strength / 5
    delimiter = ";|\t;|"[strength - 1]

    def padded(c: str) -> str:
        if c == "" or rng.random() > share:
            return c
        return " " * rng.randrange(0, 3) + c + " " * rng.randrange(0, 3)

    parts = [delimiter.join(padded(c) for c in row) for row in [table.names, *table.rows]]
    return made(table, text(parts))


@kind
def repeated_header(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table)
    for number in sorted(some(table, strength, rng), reverse=True):
        parts.insert(number, parts[0])
    return made(table, text(parts))


@kind
def inconsistent_delimiters(table: Table, strength: int, rng: random.Random) -> Polluted:
    parts = lines(table, ",")
    for number in some(table, strength, rng):
        parts[number + 1] = line(table.rows[number], ";")
    return made(table, text(parts))


@kind
def truncated_last_row(table: Table, strength: int, rng: random.Random) -> Polluted:
    """Cut before the last delimiter: a cut behind it looks like a file without a last newline."""
    data = text(lines(table))
    last = lines(table)[-1].encode()
    first, behind = last.index(b",") + 1, last.rindex(b",")
    kept = last[: first + (behind - first) * (strength - 1) // 5]
    return made(table, data[: len(data) - len(last) - 1] + kept)


@kind
def thousands_separators(table: Table, strength: int, rng: random.Random) -> Polluted:
    """1,234.50 in quotes, and from strength 3 on 1.234,50 between semicolons."""
    column = max(table.numeric)
    rows, written = [list(row) for row in table.rows], {}
    for number, row in enumerate(rows):
        if row[column] == "":
            continue
        shown = f"{float(row[column]):,.2f}"
        if strength > 2:
            shown = shown.translate(str.maketrans(",.", ".,"))
        row[column] = shown
        written[number, column] = shown
    delimiter = ";" if strength > 2 else ","
    parts = [line(row, delimiter) for row in [table.names, *rows]]
    return made(table, text(parts), as_written=written)


@kind
def decimal_commas(table: Table, strength: int, rng: random.Random) -> Polluted:
    column = max(table.numeric)
    rows, written = [list(row) for row in table.rows], {}
    for number, row in enumerate(rows):
        row[column] = row[column].replace(".", ",")
        written[number, column] = row[column]
    delimiter = ";;\t|;"[strength - 1]
    parts = [line(row, delimiter) for row in [table.names, *rows]]
    return made(table, text(parts), as_written=written)


@kind
def null_markers(table: Table, strength: int, rng: random.Random) -> Polluted:
    marker = ["NA", "NULL", "-", "N/A", "\\N"][strength - 1]
    rows, written = [list(row) for row in table.rows], {}
    column = max(table.numeric)
    for number in some(table, strength, rng):
        rows[number][column] = ""
    clean = Table(table.names, [list(row) for row in rows], table.numeric)
    for number, row in enumerate(rows):
        if row[column] == "":
            row[column] = marker
            written[number, column] = marker
    return made(clean, text([line(row) for row in [table.names, *rows]]), as_written=written)


@kind
def several_tables(table: Table, strength: int, rng: random.Random) -> Polluted:
    """A second table behind the first: other columns, or (5) as many, without a blank line (4)."""
    other = [["code", "label"], *[[f"c{i}", f"label {i}"] for i in range(3 + strength * 3)]]
    if strength == 5:
        width = len(table.names)
        other = [[f"key_{i}" for i in range(width)]]
        other += [[f"word{r}{i}" for i in range(width)] for r in range(6)]
    gap = [] if strength == 4 else [""]
    return made(table, text(lines(table) + gap + [line(row) for row in other]))


@kind
def duplicated_lines(table: Table, strength: int, rng: random.Random) -> Polluted:
    """They are rows like all others: nobody but a contract may drop them."""
    rows = [list(row) for row in table.rows]
    for number in sorted(some(table, strength, rng), reverse=True):
        rows.insert(number, list(rows[number]))
    again = Table(table.names, rows, table.numeric)
    return made(again, text(lines(again)))


def pollute(name: str, table: Table, strength: int, seed: int) -> Polluted:
    """The same arguments give the same file."""
    return KINDS[name](table, strength, random.Random(f"{name}/{strength}/{seed}"))
