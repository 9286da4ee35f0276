"""Whether what a reader made of a polluted file is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pollution.tables import Polluted


class Verdict(Enum):
    """How a file was dealt with, from best to worst."""

    RECOVERED = "recovered"  # every row, equal
    REJECTED = "rejected"  # the rows that are there are right; the others are rejects
    REFUSED = "refused"  # an error for the file as a whole
    WRONG = "wrong"  # a row is not what it was, or is lost without a word


@dataclass
class Reading:
    """What a tool made of a file."""

    names: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    rejects: list[bytes] = field(default_factory=list)  # the bytes of records set aside
    error: str = ""  # the file was refused


@dataclass
class Judgement:
    verdict: Verdict
    why: str = ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _same(got: str, clean: str, numeric: bool) -> bool:
    got, clean = got.strip(), clean.strip()
    if got == clean:
        return True
    if clean in ("true", "false"):
        return got.lower() == clean
    if got == f"{clean} 00:00:00":  # a date that was read as a time
        return True
    value = _number(got)
    return numeric and value is not None and value == _number(clean)


class _Matcher:
    def __init__(self, polluted: Polluted, reading: Reading) -> None:
        self.polluted = polluted
        self.reading = reading

    def row_is(self, number: int, got: list[str]) -> bool:
        clean = self.polluted.rows[number]
        if any(text != "" for text in got[len(clean) :]):
            return False
        got = got[: len(clean)] + [""] * (len(clean) - len(got))
        for column, text in enumerate(got):
            written = self.polluted.as_written.get((number, column))
            if written is not None and text.strip() == written.strip():
                continue
            if not _same(text, clean[column], column in self.polluted.numeric):
                return False
        return True

    def judge(self) -> Judgement:
        missing: list[int] = []
        at = 0
        for got in self.reading.rows:
            ahead = at
            while ahead < len(self.polluted.rows) and not self.row_is(ahead, got):
                ahead += 1
            if ahead == len(self.polluted.rows):
                return Judgement(Verdict.WRONG, f"no row reads {got}")
            missing.extend(range(at, ahead))
            at = ahead + 1
        missing.extend(range(at, len(self.polluted.rows)))
        lost = [number for number in missing if not self.in_rejects(number)]
        if lost:
            return Judgement(Verdict.WRONG, f"lost without a word: {self.polluted.rows[lost[0]]}")
        return Judgement(Verdict.REJECTED if missing else Verdict.RECOVERED)

    def in_rejects(self, number: int) -> bool:
        key = self.polluted.rows[number][0].encode()
        return any(key in raw for raw in self.reading.rejects)


def judge(polluted: Polluted, reading: Reading) -> Judgement:
    """A reading against the table that the file was made from."""
    if reading.error:
        return Judgement(Verdict.REFUSED, reading.error)
    wanted = polluted.names
    got = [name.strip() for name in reading.names]
    # A column without a name and without a value, after the others, is no harm.
    if not polluted.nameless and got[: len(wanted)] != wanted:
        return Judgement(Verdict.WRONG, f"the columns are {got}")
    return _Matcher(polluted, reading).judge()
